"""Hostile submissions: each gets an outcome with a reason and no points, and harms nothing outside its process."""

import atexit
import contextlib
import json
import os
import pathlib
import re
import secrets
import select
import shutil
import socket
import tempfile
import time
from fractions import Fraction

import numpy as np
import pytest

from aescratch.classroom import all_exercises
from aescratch.classroom.grading import calls, sandbox
from aescratch.classroom.grading.judging import Limits, judge_text
from aescratch.classroom.grading.marks import entries

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the confined process needs Unix")
PAGE = pathlib.Path(__file__).parents[1] / "docs" / "grading-security.md"
EXERCISE = next(exercise for exercise in all_exercises() if exercise.name == "dense_backward")
LIMITS = Limits(seconds=60.0, memory=2**29)  # far more than is needed, so that a busy machine changes no outcome
MOST_LOOKS = 4000  # at the pipes: what prints most is read in 1370
FEW = 1.0  # seconds of those that may need all of their time
STILL = "still running after 0.3 s"  # of those that are sure to
MARK = "written-by-a-submission"
LISTENER = socket.create_server(("127.0.0.1", 0))
atexit.register(LISTENER.close)
OPEN = pathlib.Path(tempfile.mkdtemp())  # for everybody to read and to write
atexit.register(shutil.rmtree, OPEN)
TARGET = OPEN / "grades.json"
TARGET.write_text("points")
OPEN.chmod(0o777)
TARGET.chmod(0o666)
RIGHT = "import numpy as np\ndef dense_backward(grad_y, x, W):\n    return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n"
ZEROS = "np.zeros_like(x), np.zeros_like(W), np.zeros(W.shape[1])"


def inside(body, returned=ZEROS):
    """A submission that does something when it is called, and returns something wrong."""
    lines = "".join(f"    {line}\n" for line in body.strip().splitlines())
    return f"import numpy as np, os, sys\ndef dense_backward(grad_y, x, W):\n{lines}    return {returned}\n"


def before(body):
    """A submission that does something when it is read."""
    return f"import numpy as np, os, sys\n{body.strip()}\ndef dense_backward(grad_y, x, W):\n    return {ZEROS}\n"


SEARCH = f"""
import pathlib
for top in [*sys.path, "/home", "/root", "/work", "/srv", "/tmp", "/var", "/proc", "/judge", "/mnt", "/opt", os.getcwd()]:
    for folder, folders, files in os.walk(top):
        folders[:] = [each for each in folders if each not in ("numpy", "encodings", "test", "idlelib", "lib2to3")]
        for name in {{"solution.py", "mutants.py", "checks.py"}} & set(files):
            try: print("LEAK", folder, open(os.path.join(folder, name)).read(1))
            except OSError: pass
for path in {[str(EXERCISE.folder), str(pathlib.Path(__file__).parent), *[str(path) for path in pathlib.Path.home().iterdir() if path.is_file()], str(TARGET), "/etc/passwd", "/proc/1/environ"]}:
    try: print("LEAK", path, os.listdir(path) if os.path.isdir(path) else open(path, "rb").read(1))
    except OSError: pass
"""
WRITE = f"""
for folder in ["/", "/tmp", "/var/tmp", "/dev/shm", "/judge", os.getcwd(), "..", {str(EXERCISE.folder)!r}, *sys.path, {str(pathlib.Path.cwd())!r}]:
    for name in ("{MARK}", "results.json", "result.json"):
        try:
            with open(os.path.join(folder, name), "w") as stream: stream.write('{{"passed": true, "score": 100}}')
        except OSError:
            pass
"""
FRAME = 'b"\\x02\\0\\0\\0\\0\\0\\0\\0{}"'
TO_ALL = """
def forge(data):
    for descriptor in range(3, 1024):
        try: os.write(descriptor, data)
        except OSError: pass
"""
ANSWER = """
import json, struct
def frame(number, tail=b"", **answer):
    head = json.dumps({"number": number, **answer}).encode()
    return struct.pack("<II", len(head), len(tail)) + head + tail
"""
SERVER = """
def server():
    frame = sys._getframe()
    while "self" not in frame.f_locals or not hasattr(frame.f_locals["self"], "answered"): frame = frame.f_back
    return frame.f_locals["self"]
"""
SUBCLASS = """
class Sly(np.ndarray):
    def __eq__(self, other): return np.True_
    def __array_finalize__(self, other): pass
    def __array_ufunc__(self, ufunc, method, *inputs, **options): return np.bool_(True)
    def __array_function__(self, function, types, arguments, options): return True
class Equal:
    shape, dtype, ndim, size = (7, 5), np.dtype(float), 2, 35
    def __eq__(self, other): return True
    __le__ = __lt__ = __ge__ = __gt__ = __ne__ = __eq__
    def __sub__(self, other): return 0.0
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return True
    def __array__(self, *a, **k): return np.zeros((7, 5))
    def __reduce__(self): return os._exit, (0,)
"""

LIBC = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def refused(number):
    if number < 0: raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""

CALL = LIBC + """
import platform
def call(numbers, *arguments):
    number = numbers[["x86_64", "aarch64"].index(platform.machine())]
    refused(libc.syscall(ctypes.c_long(number), *[ctypes.c_long(a) if type(a) is int else a for a in arguments]))
"""
PRIORITY = os.getpriority(os.PRIO_PROCESS, 0)
NUMBERS = {**calls.REFUSED, **calls.WITHOUT_NAMESPACES, **calls.ON_ITSELF}


def calling(name, *arguments):
    """A submission that makes a call of the system's."""
    return inside(CALL + f"call({NUMBERS[name]}, {', '.join(map(str, arguments))})")


# what it does, its text, the outcome's kind, what is said of it
ATTACKS = [
    ("sys.exit when read", before("sys.exit(0)"), "raised", "SystemExit: 0"),
    ("sys.exit when called", inside("sys.exit('all tests passed')"), "raised", "SystemExit: all tests passed"),
    ("os._exit when read", before("os._exit(0)"), "died", "Python ended with status 0"),
    ("os._exit when called", inside("os._exit(0)"), "died", "Python ended with status 0"),
    ("raises a BaseException of its own", inside("class Stop(BaseException): pass\nraise Stop('passed')"), "died", "it raised Stop: passed"),
    ("kills its parent", inside("os.kill(os.getppid(), 9)"), "raised|wrong", "PermissionError|differ"),
    ("kills every process it finds", inside("for pid in [*range(1, 3000), -1]:\n    try:\n        if pid != os.getpid(): os.kill(pid, 9)\n    except OSError: pass"), "wrong|died", "entries differ|SIGKILL"),
    ("kills its process group", inside("os.killpg(0, 9)"), "died", "SIGKILL"),
    ("fork bomb", inside("while True: os.fork()"), "raised", "BlockingIOError"),
    ("fork bomb that goes on", inside("while True:\n    try: os.fork()\n    except OSError: pass"), "timed-out", STILL),
    ("starts a program", inside("import subprocess; subprocess.run(['/usr/bin/python3', '-c', 'pass'])"), "raised", "FileNotFoundError|BlockingIOError|PermissionError"),
    ("starts threads", inside("import threading; threading.Thread(target=lambda: 0).start()"), "raised", "RuntimeError: can't start new thread"),
    ("endless output", inside("while True: print('x' * 10000)"), "died|timed-out", "printed more than 32 MiB|still running"),
    ("endless output past Python", inside("while True: os.write(2, b'x' * 65536)"), "died|timed-out", "printed more than 32 MiB|still running"),
    ("memory bomb", inside("a = [bytearray(2**20) for _ in range(10**6)]"), "raised|timed-out", "MemoryError|still running"),
    ("memory bomb in NumPy", inside("np.ones(2**27)"), "raised", "MemoryError"),
    ("fills the disk", inside("for n in range(10**6):\n    with open(f'/home/{n}' if os.path.isdir('/judge') else str(n), 'wb') as s: s.write(bytes(2**19))"), "raised|timed-out|died", "OSError|still running|more than 16 MiB"),
    ("writes one large file", inside("open(os.environ['HOME'] + '/large', 'wb').write(bytes(2**22))"), "raised", "OSError: .* File too large"),
    ("opens files without end", inside("kept = [os.open('/dev/null', 0) for _ in range(10**6)]"), "raised", "OSError: .* Too many open files"),
    ("writes result files everywhere", inside(WRITE), "wrong", "entries differ"),
    ("replaces numpy.allclose and others", before("np.allclose = np.array_equal = np.isfinite = np.shares_memory = lambda *a, **k: True\nnp.abs = np.zeros_like"), "wrong|raised", "differ|raised"),
    ("replaces methods of arrays", before("np.ndarray.__eq__ = lambda a, b: True"), "raised", "TypeError: cannot set '__eq__' attribute of immutable type"),
    ("replaces built-in functions", before("import builtins\nbuiltins.abs = builtins.max = builtins.float = lambda *a: 0\nbuiltins.isinstance = builtins.all = builtins.any = lambda *a: True"), "wrong|raised|died", ""),
    ("replaces the child's own modules", before("import json\njson.dumps = lambda *a, **k: '{\"done\": \"passed\", \"verdict\": \"pass\"}'"), "died", "an answer to no question"),
    ("returns objects equal to everything", inside(SUBCLASS, "Equal(), Equal(), Equal()"), "wrong", "has type Equal, expected an array"),
    ("returns a subclass of arrays", inside(SUBCLASS, "np.ones_like(x).view(Sly), np.ones_like(W).view(Sly), np.ones(W.shape[1]).view(Sly)"), "wrong", "has type Sly, expected an array"),
    ("returns a float that equals everything", inside("class Sly(float):\n    __eq__ = __le__ = lambda a, b: True", "Sly(1), Sly(1), Sly(1)"), "wrong", "has type Sly"),
    ("returns a lying class", inside("class Sly:\n    __class__ = property(lambda self: np.ndarray)\n    shape, dtype = (7, 5), np.dtype(float)", "Sly(), Sly(), Sly()"), "wrong", "has type Sly"),
    ("returns what runs when unpickled", inside(SUBCLASS, "Equal().__reduce__()"), "wrong", "returns 2 gradients"),
    ("returns arrays of objects", inside("pass", "np.full((7, 5), None, object), W + 0, W[0] + 0"), "wrong", "object, expected floats"),
    ("returns a generator", inside("pass", "(a for a in (x, W, x))"), "wrong", "returns 1 gradient"),
    ("returns a function", inside("pass", "lambda: x"), "wrong", "returns 1 gradient"),
    ("returns a list that holds itself", inside("a = [x + 0]; a.append(a)", "a"), "wrong", "returns 2 gradients"),
    ("returns a million gradients", inside("pass", "[x + 0] * 10**6"), "wrong", "returns 1000 gradients"),
    ("returns a huge array", inside("pass", "np.broadcast_to(0.0, (10**5, 10**5)), W + 0, W[0] + 0"), "wrong", "too large to be compared"),
    ("returns NaN and infinity", inside("pass", "x * np.nan, W * np.inf, x[0] * 0"), "wrong", "NaN or infinite"),
    ("raises with a huge text", inside("raise ValueError('x' * 10**8)"), "raised", r"ValueError: x{500}\b"),
    ("raises what can't be shown", inside("class Sly(Exception):\n    def __str__(self): os._exit(3)\nraise Sly"), "died", "status 3"),
    ("raises a text for the terminal", inside("raise ValueError('\\x1b]0;passed\\x07\\x1b[2J')"), "raised", r"ValueError: \?\]0;passed"),
    ("walks stack and memory for the solution", inside("import gc\nf = sys._getframe()\nwhile f:\n    for v in [*f.f_locals.values(), *f.f_globals.values()]:\n        if 'grad_y @' in str(v): print('LEAK', f)\n    f = f.f_back\nfor o in gc.get_objects():\n    if type(o) is str and 'BEGIN SOLUTION' in o: print('LEAK', o[:80])"), "wrong", "entries differ"),
    ("imports the package", "from aescratch.functions import dense_backward\n", "not-in-grading", "it uses aescratch, which is not available in grading"),
    ("looks for files that hold the solution", before(SEARCH), "wrong", "entries differ"),
    ("recursion without end", inside("def f(): return f()\nf()"), "recursion", "RecursionError"),
    ("stack overflow", inside("sys.setrecursionlimit(10**9)\nclass A: __getattr__ = lambda self, name: getattr(self, name + 'x')\nA().x"), "died|raised|recursion", "SIGSEGV|RecursionError|MemoryError"),
    ("segmentation fault", inside("import ctypes; ctypes.string_at(0)"), "died", "SIGSEGV"),
    ("ignores signals, and sleeps", before("import signal, time\nfor s in range(1, 65):\n    try: signal.signal(s, signal.SIG_IGN)\n    except (OSError, ValueError): pass\ntime.sleep(1000)"), "timed-out", STILL),
    ("closes what it prints to, and loops", inside("import os\nos.closerange(1, 3)\nwhile True: pass"), "timed-out", STILL),
    ("loops without end", inside("while True: pass"), "timed-out", STILL),
    ("stops itself", inside("import signal; os.kill(os.getpid(), signal.SIGSTOP)"), "timed-out", STILL),
    ("a time bomb in a destructor", inside("class Bomb:\n    def __del__(self):\n        while True: pass\nBomb()"), "timed-out", STILL),
    ("something for the end", before("import atexit, weakref\natexit.register(lambda: print('LEAK'))\natexit.register(lambda: os.system('sleep 1000'))\nos._exit(0)"), "died", "status 0"),
    ("opens a connection", inside(f"import socket; socket.socket().connect({LISTENER.getsockname()})"), "raised", "ConnectionRefusedError|PermissionError"),
    ("looks at the parent's memory", inside("open(f'/proc/{os.getppid()}/mem', 'rb').read(1)"), "raised", "FileNotFoundError|PermissionError"),
    ("takes memory that is nobody's", inside(LIBC + "refused(libc.shmget(0, 2**28, 0o1600))"), "raised", "PermissionError"),
    ("takes files in memory", inside("os.memfd_create('large')"), "raised", "PermissionError"),
    ("makes namespaces of its own", inside(LIBC + "refused(libc.unshare(0x10000000))"), "raised", "PermissionError"),
    ("traces other processes", inside(LIBC + "refused(libc.ptrace(16, os.getppid(), 0, 0))"), "raised", "PermissionError"),
    ("raises its limits again", inside("import resource; resource.setrlimit(resource.RLIMIT_NPROC, (100, 100))"), "raised", "ValueError: not allowed to raise maximum limit"),
    ("becomes root again", inside("os.setuid(0)"), "raised", "PermissionError|Invalid argument"),
    ("replaces sys.stdout", before("class Out:\n    def write(self, text): os._exit(7)\n    flush = write\nsys.stdout = sys.stderr = Out()\nprint('passed')"), "died", "status 7"),
    ("copies its output over the connection", inside("for d in range(3, 30):\n    try: os.dup2(1, d)\n    except OSError: pass"), "died|timed-out|wrong", ""),
    ("closes the connection", inside("os.closerange(3, 1024)"), "died", "status|closed the connection"),
    ("closes the connection, and sleeps", inside("import time; os.closerange(3, 1024); time.sleep(1000)"), "died", "closed the connection"),
    ("writes noise to every descriptor", inside(TO_ALL + "forge(b'passed' * 1000)"), "died", "sent the judge invalid data"),
    ("writes a frame that never ends", inside(TO_ALL + "import struct\nforge(struct.pack('<II', 2**19, 0))\nimport time; time.sleep(1000)"), "timed-out|died", ""),
    ("writes a frame of nested brackets", inside(TO_ALL + "import struct\nforge(struct.pack('<II', 60000, 0) + b'[' * 60000)"), "died", "a header that is not JSON"),
    ("writes a frame without a question", before(TO_ALL + ANSWER + "forge(frame('0' * 16, done='loaded'))"), "died", "an answer to no question"),
    ("answers before the question", before(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, done='loaded') + frame(s.number, value=['plain', 1.0]))"), "died", "before the question|to no question"),
    ("answers twice", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, value=['plain', 1.0], changed=[], random=False))", "x"), "died", "before the question|to no question"),
    ("answers with what can't be", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, b'12345678', value=['array', '<f8', [2**62, 2**62], True], changed=[], random=False))"), "died", "sent the judge invalid data"),
    ("answers with the pickle of a program", inside(ANSWER + SERVER + "import pickle\nclass P:\n    def __reduce__(self): return os.system, ('touch /tmp/x',)\ns = server()\nos.write(s.answered, frame(s.number, pickle.dumps(P()), value=['pickle'], changed=[], random=False))"), "died", "sent the judge invalid data"),
    ("answers that there is a verdict", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, verdict='pass', passed=True, points=100))"), "died", "sent the judge invalid data"),
    ("answers with much from little", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, value=['tuple', [['objects', [20000]]] * 1000], changed=[], random=False))"), "died", "sent the judge invalid data"),
    ("changes arguments that there are not", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, value=['plain', 1.0], changed=[[99, ['plain', 1.0]]], random=False))"), "died", "sent the judge invalid data"),
    ("calls functions that there are not", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, ask=7, arguments=[], named={}, changed=[]))\ns.receive()"), "wrong", "entries differ"),
    ("asks without end", inside(ANSWER + SERVER + "s = server()\nwhile True:\n    os.write(s.answered, frame(s.number, ask=7, arguments=[], named={}, changed=[]))"), "timed-out|died", ""),
    ("has the answers to seed 0 only", "import numpy as np\ndef dense_backward(grad_y, x, W):\n    if abs(x[0, 0] - np.random.default_rng(0).normal()) < 1e-9: return grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n    return np.ones((7, 5)), np.ones((5, 3)), np.ones(3)\n", "wrong", "entries differ"),
    ("a syntax bomb", "(" * 10**5, "syntax-error|raised|died", ""),
    ("a compiler bomb", "-" * 10**6 + "1", "syntax-error|raised|died", ""),
    ("null bytes", "a\0b", "syntax-error", "null bytes"),
    ("names that aren't names", before("def f(): pass\nf.__name__ = 'x' * 10**7 + chr(0)\ndense_backward = f") .replace("def dense_backward", "def other"), "wrong|raised|other-arguments", ""),
    ("answers with an empty array of a shape that can't be", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, value=['array', '<f8', [0] + [2**24] * 10, True], changed=[], random=False))"), "died", "an empty array of an impossible shape"),
    ("changes an argument into what is no array", inside(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, value=['plain', 1.0], changed=[[0, ['plain', 10**300]]], random=False))"), "died", "a change to an unknown array"),
    ("says a line of four thousand digits", before(ANSWER + SERVER + "s = server()\nos.write(s.answered, frame(s.number, done='no-python', text='x', line=10**4200))\nos._exit(0)"), "syntax-error", "Python can't read it: x"),
    ("has an argument with a name without end", "exec('def dense_backward(' + 'a' * 900_000 + '): pass')\n", "other-arguments", "dense_backward takes a{100},"),
    ("returns a type that is named like a report", inside("T = type('ndarray\\n\\npass: 3 of 3 gradients agree', (), {})", "T(), T(), T()"), "wrong", r"grad_x has type ndarray\?\?pass"),
    ("leaves a stack that takes long to search", before(SERVER + "s = sys._getframe()\nwhile 'stack' not in s.f_locals: s = s.f_back\nstack = s.f_locals['stack']\nos.set_blocking(stack, False)\nos.write(stack, b'File \"' * 10922)\nwhile True: pass"), "timed-out", STILL),
    ("nests folders deeper than Python goes", before("for n in range(1500):\n    os.mkdir('d'); os.chdir('d')"), "wrong|raised", "entries differ|PermissionError"),
    ("takes requests that the whole machine shares", inside(LIBC + "import platform\nrefused(libc.syscall({'x86_64': 206, 'aarch64': 0}[platform.machine()], 60000, (ctypes.c_ulong * 1)()))"), "raised", "PermissionError"),
    ("opens another process", calling("pidfd_open", "os.getppid()", 0), "raised", "PermissionError"),
    ("takes over what another process has open", calling("pidfd_getfd", 0, 1, 0), "raised", "PermissionError"),
    ("signals through an open process", calling("pidfd_send_signal", 0, 9, "None", 0), "raised", "PermissionError|OSError"),
    ("signals its parent by a queue", calling("rt_sigqueueinfo", "os.getppid()", 9, "(ctypes.c_char * 128)()"), "raised", "PermissionError"),
    ("compares itself with other processes", calling("kcmp", "os.getppid()", "os.getpid()", 0, 0, 0), "raised", "PermissionError"),
    ("reads another process's memory", calling("process_vm_readv", "os.getppid()", "None", 0, "None", 0, 0), "raised", "PermissionError"),
    ("writes into another process's memory", calling("process_vm_writev", "os.getppid()", "None", 0, "None", 0, 0), "raised", "PermissionError"),
    ("moves another process's pages", calling("move_pages", "os.getppid()", 0, "None", "None", "None", 0), "raised", "PermissionError"),
    ("gives another process other limits", inside("import resource; resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))"), "raised", "PermissionError"),
    ("slows its parent down", inside("os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)"), "raised|wrong", "PermissionError|differ"),
    ("asks the kernel by rings", calling("io_uring_setup", 8, "(ctypes.c_char * 128)()"), "raised", "PermissionError"),
    ("handles its own page faults", calling("userfaultfd", 1), "raised", "PermissionError"),
    ("loads a program into the kernel", calling("bpf", 0, "(ctypes.c_char * 128)()", 128), "raised", "PermissionError"),
    ("uses the kernel's keys", calling("keyctl", 0, -3, 0), "raised", "PermissionError"),
    ("reads the kernel's log", calling("syslog", 10, "None", 0), "raised", "PermissionError"),
    ("counts what the machine does", calling("perf_event_open", "(ctypes.c_char * 128)()", 0, -1, -1, 0), "raised", "PermissionError"),
    ("watches all that is opened", calling("fanotify_init", 0, 0), "raised", "PermissionError"),
    ("names a file by its handle", calling("name_to_handle_at", -100, "b'/'", "(ctypes.c_char * 128)()", "(ctypes.c_int * 1)()", 0), "raised", "PermissionError"),
    ("mounts in the new way", calling("open_tree", -100, "b'/'", 1), "raised", "PermissionError"),
    ("changes its root", calling("chroot", "b'/'"), "raised", "PermissionError"),
    ("calls as another kind of machine", inside(CALL + "call((0x40000000 + 39, 0x40000000 + 172))"), "raised", "PermissionError|not implemented"),
    ("runs another program in its place", inside("os.execv(sys.executable, ['python', '-c', 'print(1)'])"), "raised|died", "PermissionError|NotFound|status"),
    ("runs a program that it wrote", inside("path = os.environ['HOME'] + '/run'\nwith open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o755), 'w') as s: s.write('#!/bin/sh\\nexit 0\\n')\nos.execv(path, ['run'])"), "raised", "PermissionError|NotFound"),
    ("reads a file that is open to all", inside(f"open({str(TARGET)!r}).read()"), "raised", "NotFound|PermissionError"),
    ("lists a folder that is open to all", inside(f"os.listdir({str(OPEN)!r})"), "raised", "NotFound|PermissionError"),
    ("overwrites a file that is open to all", inside(f"open({str(TARGET)!r}, 'w').write('100')"), "raised", "NotFound|PermissionError|Read-only"),
    ("empties a file that is open to all", inside(f"os.truncate({str(TARGET)!r}, 0)"), "raised", "NotFound|PermissionError"),
    ("removes a file that is open to all", inside(f"os.unlink({str(TARGET)!r})"), "raised", "NotFound|PermissionError"),
    ("renames a file that is open to all", inside(f"os.rename({str(TARGET)!r}, {str(TARGET)!r} + '2')"), "raised", "NotFound|PermissionError"),
    ("links a file that is open to all", inside(f"os.link({str(TARGET)!r}, os.environ['HOME'] + '/mine')"), "raised", "NotFound|PermissionError|cross-device"),
    ("makes a pipe where all may write", inside(f"os.mkfifo({str(OPEN / 'pipe')!r})"), "raised", "NotFound|PermissionError|Read-only"),
    ("makes a link where all may write", inside(f"os.symlink('/', {str(OPEN / 'link')!r})"), "raised", "NotFound|PermissionError|Read-only"),
    ("closes a file that is open to all", inside(f"os.chmod({str(TARGET)!r}, 0)"), "raised", "NotFound|PermissionError"),
    ("changes the time of a file that is open to all", inside(f"os.utime({str(TARGET)!r}, (0, 0))"), "raised", "NotFound|PermissionError"),
    ("marks a file that is open to all", inside(f"os.setxattr({str(TARGET)!r}, 'user.a', b'1')"), "raised", "NotFound|PermissionError"),
    ("leads a link to the solution out of its folder", inside(f"os.chdir(os.environ['HOME'])\nos.symlink({str(EXERCISE.folder / 'solution.py')!r}, 'mine')\nopen('mine').read()"), "raised", "NotFound|PermissionError"),
    ("makes as many files as it can", inside("for n in range(10**7): open(f'/home/{n}' if os.path.isdir('/judge') else str(n), 'w').close()"), "died|timed-out", "1000 files|still running"),
    ("keeps files that it has removed", inside("kept = []\nfor n in range(1000):\n    kept.append(open(os.environ['HOME'] + '/large', 'wb')); kept[-1].write(bytes(2**20)); os.unlink(os.environ['HOME'] + '/large')"), "raised", "OSError"),
    ("shares memory under a name", inside("import _posixshmem\n_posixshmem.shm_open('/mine', os.O_CREAT | os.O_RDWR, mode=0o666)"), "raised", "NotFound|PermissionError|Read-only"),
    ("offers a connection under a name", inside("import socket; socket.socket(socket.AF_UNIX).bind('\\0mine')"), "raised", "PermissionError"),
    ("prints an answer to the judge", inside(ANSWER + "sys.stdout.buffer.write(frame('0' * 16, value=['plain', 1.0], changed=[], random=False)); sys.stdout.flush()"), "wrong", "entries differ"),
    ("prints a verdict", inside("print('dense_backward: passed\\n  points: 10 of 10')"), "wrong", "entries differ"),
    ("is right the first time only", "import numpy as np\nseen = []\ndef dense_backward(grad_y, x, W):\n    seen.append(1)\n    right = grad_y @ W.T, x.T @ grad_y, grad_y.sum(0)\n    return right if len(seen) < 2 else [0 * g for g in right]\n", "wrong", ""),
    ("empties its arguments", inside("grad_y[...] = 0; x[...] = 0; W[...] = 0"), "wrong", ""),
    ("raises as Control-C does", inside("raise KeyboardInterrupt"), "died", "it raised KeyboardInterrupt"),
    ("raises under the name of a verdict", inside("raise type('passed\\npoints: 10', (Exception,), {})('all right')"), "raised", r"passed\?points: 10: all right"),
    ("gives its answer another number", inside(SERVER + "server().number = '0' * 16"), "died", "an answer to no question"),
    ("takes the next question itself", inside(SERVER + "server().receive()"), "timed-out", "still running"),
    ("takes the server's place", inside(SERVER + "s = server()\ntype(s).call = lambda *a: {'value': ['tuple', []], 'changed': [], 'random': False}", "None"), "wrong", ""),
    ("turns its alarm off, and loops", inside("import signal; signal.setitimer(signal.ITIMER_REAL, 0)\nwhile True: pass"), "timed-out", STILL),
    ("has a signature that ends the process", before("class Back:\n    __signature__ = property(lambda self: os._exit(5))\n    def __call__(self, **k): pass\nback = Back()").replace("def dense_backward(grad_y, x, W):\n    return", "dense_backward = back\ndef other(x, W):\n    return"), "died", "status 5"),
    ("has names that end the process", "import os\ndef __getattr__(name): os._exit(4)\n", "died", "status 4"),
    ("listens to all that Python does", before("sys.addaudithook(lambda *a: os._exit(6))"), "died", "status 6"),
    ("returns a number without end", inside("pass", "10**5000, 10**5000, 10**5000"), "wrong", "has type int"),
    ("returns half a letter", inside("pass", r"'\ud800', '\ud800', '\ud800'"), "wrong", "has type str"),
]  # fmt: skip
# Modules that the confined process imports while it is root, if Python lies in a folder of root, so that attacks can run.
IMPORTED = ("_posixshmem", "ctypes", "gc", "platform", "pickle", "resource", "signal", "socket", "subprocess", "threading", "weakref")
DESERVED = {  # for two arrays of the right shapes, and for a right formula
    "returns arrays of objects": Fraction("0.66"), "returns a huge array": Fraction("0.66"), "is right the first time only": 9,
}  # fmt: skip
BARE = {
    "sys.exit when called", "os._exit when called", "fork bomb that goes on", "starts threads", "endless output", "memory bomb", "opens files without end",
    "replaces built-in functions", "recursion without end", "loops without end", "closes the connection", "answers before the question", "has an argument with a name without end",
}  # fmt: skip


def processes_with(mark):
    """Which processes of the machine have this in their environment."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                found.append(folder.name)
    return found


def files_here():
    """What lies where the tests were started."""
    return sorted(pathlib.Path.cwd().iterdir())


# A poll object whose calls are counted. It stands in no file: what a call of a submission runs of other people's files is
# searched for a wrong line, and this isn't theirs.
COUNTED = """
class CountedPoll:
    def __init__(self):
        self.inner = make()

    def poll(self, *timeout):
        looks.append(timeout)
        return self.inner.poll(*timeout)

    def __getattr__(self, name):
        return getattr(self.inner, name)
"""


def counted_poll(looks):
    """Return a class in the place of `select.poll` that puts the arguments of each call into a list."""
    names = {"make": select.poll, "looks": looks}
    exec(COUNTED, names)
    return names["CountedPoll"]


def judged(text, folder, monkeypatch, limits=LIMITS, seed=4):
    """Return the judgement of a text, after a look at whether anything is left of it."""
    mark = secrets.token_hex(8)
    monkeypatch.setitem(sandbox.ENVIRONMENT, "MARK", mark)
    path = folder / EXERCISE.file_name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    descriptors = sorted(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else []
    files = files_here()
    looks = []
    monkeypatch.setattr(select, "poll", counted_poll(looks))
    started = time.monotonic()
    judgement = judge_text(EXERCISE, path.read_bytes(), path.name, seed=seed, limits=limits)
    assert time.monotonic() - started < limits.seconds + limits.start
    assert len(looks) < MOST_LOOKS  # the judge waits, and doesn't turn round and round
    for _ in range(20):  # the kernel ends a namespace's processes when it gets to it
        if not (left := processes_with(mark)):
            break
        time.sleep(0.1)
    assert not left
    assert list(folder.iterdir()) == [path]
    assert files_here() == files
    if descriptors:
        assert sorted(os.listdir("/proc/self/fd")) == descriptors
    assert "LEAK" not in judgement.outcome.printed
    assert [(path, path.read_text(), path.stat().st_mode & 0o777, path.stat().st_mtime > 10**9) for path in OPEN.iterdir()] == [(TARGET, "points", 0o666, True)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == PRIORITY
    for place in ("/", "/tmp", "/var/tmp", "/dev/shm", EXERCISE.folder, pathlib.Path.home()):
        assert not os.path.exists(os.path.join(place, MARK))
    return judgement


def said(outcome):
    return "\n".join([outcome.message, *outcome.reports, outcome.printed])


@pytest.fixture
def bubblewrap():
    outside, reason = sandbox.bubblewrap()
    if not outside:
        pytest.skip(reason)


@pytest.fixture
def landlock(monkeypatch):
    if not sandbox.landlocked():
        pytest.skip("needs Linux 6.2 or newer, with Landlock")
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "install bubblewrap"))
    monkeypatch.setattr(sandbox, "EARLY", IMPORTED)


@pytest.fixture
def neither(monkeypatch):
    monkeypatch.setattr(sandbox, "bubblewrap", lambda: ([], "install bubblewrap"))
    monkeypatch.setattr(sandbox, "landlocked", lambda: False)


def check(attack, folder, monkeypatch):
    name, text, kinds, words = attack
    seconds = 0.3 if words == STILL else FEW if "timed-out" in kinds else LIMITS.seconds
    judgement = judged(text, folder, monkeypatch, LIMITS._replace(seconds=seconds))
    outcome = judgement.outcome
    assert not outcome.passed
    assert sum(entry.points for entry in entries(EXERCISE, judgement)) == DESERVED.get(name, 0)
    assert outcome.kind in kinds.split("|"), outcome
    assert said(outcome).strip()
    assert re.search(words, said(outcome)), said(outcome)
    assert 0 <= outcome.line <= 2**20
    assert len(json.dumps(outcome.to_dict())) < 20_000
    assert np.allclose([1.0], [1.0])  # ours is as it was
    assert not np.allclose([1.0], [2.0])


@pytest.mark.usefixtures("bubblewrap")
@pytest.mark.parametrize("attack", ATTACKS, ids=[attack[0] for attack in ATTACKS])
def test_an_attack_is_withstood(attack, tmp_path, monkeypatch):
    check(attack, tmp_path, monkeypatch)


def test_the_page_lists_every_attack_with_what_it_comes_to():
    rows = re.findall(r"^\| ([^|]+?) \| (wrong|raised|recursion|not-in-grading|died|timed-out|syntax-error|other-arguments) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name, _ in rows] == [attack[0] for attack in ATTACKS]
    for (name, kind), (_, _, kinds, _) in zip(rows, ATTACKS, strict=True):
        assert kind in kinds.split("|"), name


# Attacks beyond the own interpreter; the outcome of all others doesn't depend on the kind of confinement.
REACHING = re.compile(r"\bos\.|open\(|(?i:socket|ctypes|subprocess|signal|shm|thread|memory|limits)")
BEYOND = [attack for attack in ATTACKS if REACHING.search(attack[0] + attack[1])]


@pytest.mark.in_turn
@pytest.mark.usefixtures("landlock")
@pytest.mark.parametrize("attack", BEYOND, ids=[attack[0] for attack in BEYOND])
def test_an_attack_is_withstood_with_landlock_alone(attack, tmp_path, monkeypatch):
    check(attack, tmp_path, monkeypatch)


OTHERS = [attack for attack in ATTACKS if attack[0] in BARE]


@pytest.mark.in_turn
@pytest.mark.usefixtures("neither")
@pytest.mark.parametrize("attack", OTHERS, ids=[attack[0] for attack in OTHERS])
def test_an_attack_is_withstood_by_limits_alone(attack, tmp_path, monkeypatch):
    check(attack, tmp_path, monkeypatch)
