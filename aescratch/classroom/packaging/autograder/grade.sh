set -uo pipefail
umask 077
chmod 700 "$closed"
. "$settings/settings.sh"
export PYTHONPATH=$code/package PYTHONDONTWRITEBYTECODE=1 AESCRATCH_LANGUAGE
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/results-grading"
cp "$code/seed.json" "$work/results-grading/"  # not as an option, which other processes could read
options=(--format "$format" --jobs 1 --out "$work/results.json")
if [ -d "$code/exercises" ]; then options+=(--exercises "$code/exercises"); fi
if [ "$UNCONFINED" = 1 ]; then options+=(--unconfined); fi
if [ "${#ONLY[@]}" -gt 0 ]; then options+=(--only "${ONLY[@]}"); fi
cd "$work" || exit  # Python looks for modules where it is started
"$python" -m aescratch exercises grade "$submission" "${options[@]}"
status=$?
mkdir -p "$root/results"
if [ "$status" = 0 ]; then
    cp "$work/results.json" "$root/results/results.json"
else
    words=$FAILED
    safe="from aescratch.classroom.grading.judging import missing_protections as m; raise SystemExit(bool(m()))"
    if [ "$UNCONFINED" != 1 ] && ! "$python" -c "$safe"; then words=$UNSAFE; fi
    printf "$nothing" "$words" > "$root/results/results.json"
fi
chmod 755 "$root/results"  # the platform may not be root
chmod 644 "$root/results/results.json"
