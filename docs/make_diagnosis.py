"""Write docs/diagnosis_measured.txt: every training run of tests/trainings.py, its measured state, and its findings.

Run as ``python docs/make_diagnosis.py``; it takes some ten minutes of one processor. Thresholds were chosen with
seed 0, and two of them mended after a look at 1 and 2. Seeds 3 and 4, which draw other data and other weights, were run
when all stood.
"""

import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import trainings

import aescratch as ae
from aescratch.inspection.diagnosis import CODES

MEASURED = Path(__file__).parent / "diagnosis_measured.txt"
CHOSEN_WITH, HELD_OUT = 0, (3, 4)


def looked_at(seed, place):
    """Return a run's code, its name, whether the measurement confirms it, and the codes of its findings."""
    training = list(trainings.planned(seed))[place]
    run = training.run()
    found = ae.diagnose(run.model, run.x, history=run.history, validation=run.unseen)
    return training.code, training.name, bool(trainings.TRUTHS[training.code](run)), found.codes


def is_right(code, told):
    return code in told[:2] if code else not told


def measured():
    seeds = (CHOSEN_WITH, *HELD_OUT)
    places = [(seed, place) for seed in seeds for place in range(len(list(trainings.planned(seed))))]
    with ProcessPoolExecutor() as processes:
        rows = list(processes.map(looked_at, *zip(*places, strict=True)))
    return [(seed, *row) for (seed, _), row in zip(places, rows, strict=True)]


def main():
    rows = [row for row in measured() if row[3]]
    lines = [
        f"{'code':<24}seed 0   held out    told among the first two, of those that the measurement bears out",
    ]
    lines += [
        f"{code or 'healthy':<24}{_share(rows, code, (CHOSEN_WITH,)):<9}{_share(rows, code, HELD_OUT)}"
        for code in (*CODES, "")
    ]
    for title, seeds in (("seed 0", (CHOSEN_WITH,)), ("held out", HELD_OUT)):
        sick = [is_right(code, told) for seed, code, _, _, told in rows if code and seed in seeds]
        healthy = [not told for seed, code, _, _, told in rows if not code and seed in seeds]
        lines.append(
            f"{title}: {sum(sick)} of {len(sick)} sick ones get their code ({100 * sum(sick) / len(sick):.1f} %), "
            f"{sum(healthy)} of {len(healthy)} healthy ones no finding ({100 * sum(healthy) / len(healthy):.1f} %)"
        )
    lines += ["", "told otherwise:"]
    lines += [
        f"  seed {seed}, {code or 'healthy'}, {name}: {', '.join(told) or 'nothing'}"
        for seed, code, name, _, told in rows if not is_right(code, told)
    ]  # fmt: skip
    MEASURED.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print(MEASURED.read_text(encoding="utf-8"))


def _share(rows, code, seeds):
    right = Counter(is_right(code, told) for seed, which, _, _, told in rows if which == code and seed in seeds)
    return f"{right[True]} of {right.total()}"


if __name__ == "__main__":
    main()
