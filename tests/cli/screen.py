"""screen.py WIDTH FILE: no line of the file is wider, no character steers."""
import sys
import unicodedata

limit = int(sys.argv[1])


def width(char):
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


with open(sys.argv[2], encoding="utf-8", newline="\n") as file:
    lines = file.read().split("\n")
wide = [line for line in lines if sum(map(width, line)) > limit]
steering = [line for line in lines for char in line if unicodedata.category(char) in ("Cc", "Cf")]
for line in (wide + steering)[:3]:
    print(ascii(line))
sys.exit(bool(wide or steering))
