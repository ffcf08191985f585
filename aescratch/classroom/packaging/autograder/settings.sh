# Of this autograder; change and zip again.
ONLY=({only})
# 1 grades also where bubblewrap doesn't work: a submission then runs as a user who is nobody, and can't read the
# solutions, the seed or other submissions, but reaches the network.
UNCONFINED={unconfined}
