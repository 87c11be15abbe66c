"""Types at interactive shells on a pseudo terminal, and reports what their commands got. Arguments: a shell, a folder with its start-up
file. Standard input: JSON, a list of {"ids": […], "keys": […]}. Before each case `ids` are written to the folder's c.json."""

import json, os, pty, select, sys, time

shell, folder, cases = sys.argv[1], sys.argv[2], json.load(sys.stdin)


def path(name):
    return os.path.join(folder, name)


argv = {
    "bash": ["bash", "--noprofile", "--rcfile", path("rc.bash"), "-i"],
    "zsh": ["zsh", "-i"],
    "fish": ["fish", "-i", "-C", "source " + path("rc.fish")],
    "elvish": ["elvish", "-rc", path("rc.elvish")],
}[shell]
pid, terminal = pty.fork()
if pid == 0:
    os.chdir(folder)
    os.execvp(argv[0], argv)
shown = b""


def read(first, quiet, until=b""):
    """Reads until `until` was shown and then nothing for `quiet` seconds; `first` is how long the first byte may take."""
    global shown
    got, wait = b"", first
    while select.select([terminal], [], [], wait)[0]:
        try:
            got += os.read(terminal, 65536)
        except OSError:
            break
        wait = quiet if until in got else first
    shown += got


def record():
    end = time.monotonic() + 10
    while time.monotonic() < end:
        read(0.02, 0.02)
        if os.path.exists(path("record")):
            with open(path("record"), "rb") as file:
                words = file.read().decode().split("\0")[:-1]
            os.remove(path("record"))
            return words
    return None


read(20, 0.1, b"READY>")
answers = []
for case in cases:
    with open(path("c.json"), "w") as file:
        json.dump({name: "x://h" for name in case["ids"]}, file)
    for keys in case["keys"]:
        os.write(terminal, keys.encode())
        read(2, 0.15 if keys == "\t" else 0.05)
    os.write(terminal, b"\r")
    if shell == "elvish":
        # The first one takes the candidate.
        read(2, 0.1)
        os.write(terminal, b"\r")
    answers.append({"words": record(), "marker": os.path.exists(path("marker"))})
    if answers[-1]["words"] is None:
        break
    read(0.1, 0.05)
os.kill(pid, 9)
os.waitpid(pid, 0)
json.dump({"answers": answers, "shown": shown.decode("utf-8", "replace")}, sys.stdout)
