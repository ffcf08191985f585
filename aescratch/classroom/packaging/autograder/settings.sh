# Settings of this autograder; after a change, zip it again.
ONLY=({only})
# 1 grades even if bubblewrap doesn't work: a submission then runs as a user without rights, and can't read the
# solutions, the seed or other submissions, but can use the network.
UNCONFINED={unconfined}
# The language of what students read, en or ko.
AESCRATCH_LANGUAGE={language}
FAILED={failed}
UNSAFE={unsafe}
