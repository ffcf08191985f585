"""The parts of a step of many processes, fitted and checked: the figures of docs/how-to/many-processes.md.

    python tests/benchmarks/many_processes.py

Each process has one thread. On a busy machine, the smallest of many times is the best estimate.
"""

import os
import statistics
import subprocess
import sys
import time

import numpy as np

from aescratch.programs.bench import mpi
from aescratch.programs.bench.cases import DEEP, Case, make_model, random_data, step_of

ROUNDS = 30
SIZES = (1, 1_000, 30_000, 300_000, 2_840_000)
BATCHES = (32, 128, 512)


def least_seconds(call, rounds=ROUNDS):
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        call()
        taken.append(time.perf_counter() - started)
    return min(taken)


def reduce():
    """Print the least seconds of an Allreduce of each size, in float32."""
    from mpi4py import MPI

    world = MPI.COMM_WORLD
    for size in SIZES:
        sent, total = np.ones(size, np.float32), np.empty(size, np.float32)
        world.Barrier()
        taken = least_seconds(lambda sent=sent, total=total: world.Allreduce(sent, total), 200)
        if world.rank == 0:
            print(size, taken)


class Timed:
    """A communicator that notes the processor's seconds between two messages of the gradient, in which nobody waits."""

    def __init__(self, world):
        self.world, self.left, self.computed = world, 0.0, []

    def __getattr__(self, name):
        return getattr(self.world, name)

    def Allreduce(self, *arrays):
        self.computed.append(time.thread_time() - self.left)
        self.world.Allreduce(*arrays)
        self.left = time.thread_time()


def train(batch):
    """Print the least and the median seconds of a step of `fit`, and the median of the processor's, without waiting."""
    from mpi4py import MPI

    world, starts = Timed(MPI.COMM_WORLD), []
    size = int(batch) * world.size
    model = make_model(Case(DEEP, size))
    backward = model.backward

    def timed():
        starts.append(time.perf_counter())
        backward()

    model.backward = timed
    model.fit(
        random_data(10 * size, DEEP[0]), epochs=8, batch_size=size, rng=0, progress=False, communicator=world
    )  # fmt: skip
    if world.rank == 0:
        taken = np.diff(starts)
        print(min(taken), statistics.median(taken), statistics.median(world.computed or [0.0]))


def together(n, *words):
    command = [mpi.launcher(), "-n", str(n), sys.executable, __file__, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def report(n, predicted):
    least, median, computed = map(float, together(n, "train", "512").split())
    print(f"{n} processes, 512 rows each: predicted {1e3 * predicted:.0f} ms, measured {1e3 * least:.0f} ms at least, "
          f"{1e3 * median:.0f} ms median; {1e3 * computed:.0f} ms of the processor's without messages")  # fmt: skip


def main():
    n_parameters = make_model(Case(DEEP, 1)).n_parameters
    print(f"{n_parameters:,} parameters, load {os.getloadavg()[0]:.1f}")
    steps = {}
    for batch in BATCHES:
        step = step_of(make_model(Case(DEEP, batch)), random_data(batch, DEEP[0]))
        step()
        steps[batch] = least_seconds(step)
    per_row, fixed = np.polyfit(list(steps), list(steps.values()), 1)
    products = 6 * sum(n * m for n, m in zip(DEEP[:-1], DEEP[1:], strict=True)) * 2 - 2 * DEEP[0] * DEEP[1]
    print("steps of one, ms:", {batch: round(1000 * taken, 1) for batch, taken in steps.items()})
    print(f"per row {1e6 * per_row:.1f} us = {products / per_row / 1e9:.0f} GFLOP/s; fixed {1e3 * fixed:.2f} ms "
          f"= {1e9 * fixed / n_parameters:.2f} ns a parameter")  # fmt: skip
    grads, sent = np.ones(n_parameters, np.float32), np.empty(n_parameters, np.float32)
    weighing = least_seconds(lambda: np.multiply(grads, 0.5, out=sent))
    print(f"weighing the gradient {1e3 * weighing:.2f} ms")
    normal = least_seconds(lambda: np.random.default_rng(0).standard_normal(10**6)) / 1e6
    uniform = least_seconds(lambda: np.random.default_rng(0).random(10**6)) / 1e6
    print(f"a draw {1e9 * normal:.1f} ns normal, {1e9 * uniform:.1f} ns uniform")
    for n in (2, 4):
        taken = {int(size): float(s) for size, s in map(str.split, together(n, "reduce").splitlines())}
        beta, alpha = np.polyfit([4 * size for size in taken], list(taken.values()), 1)
        alpha = taken[1]
        message = taken[SIZES[-1]] * n_parameters / SIZES[-1]
        print(f"Allreduce of {n}, us: { {size: round(1e6 * s, 1) for size, s in taken.items()} }; "
              f"alpha {1e6 * alpha:.1f} us, beta {1e9 * beta:.3f} ns a byte")  # fmt: skip
        predicted = (steps[512] + weighing) * max(1, n / os.cpu_count()) + message
        report(n, predicted)
    report(1, steps[512])
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        globals()[sys.argv[1]](*sys.argv[2:])
    else:
        os.environ.update(mpi.ONE_THREAD)
        if os.environ.get("STARTED") != "1":
            raise SystemExit(subprocess.run([sys.executable, __file__], env={**os.environ, "STARTED": "1"}).returncode)
        main()
