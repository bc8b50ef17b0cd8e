#!/bin/sh
# The examples of audit-proof(5) are true: audit-verify takes each of them, as
# it is printed there, and none with a character changed.
. "$(dirname "$0")/lib.sh"

need python3

# Its literal displays, unfolded, as files.
python3 - "$top/man/audit-proof.5" <<'END'
import re, sys
page = open(sys.argv[1], encoding='utf-8').read()
shown = re.findall(r'\.Bd -literal -offset indent\n(.*?)\.Ed', page, re.S)
shown = [s.replace('\\(em', '\u2014') for s in shown]
whole = [re.sub(r'\\e\n *', '', s) for s in shown]
note, = [s for s in whole if s.startswith('audit.example.com/app1\n')]
key, = [s for s in whole if s.startswith('audit.example.com/app1+')]
lines, = [s.splitlines() for s in whole if s.startswith('0  {')]
files = {
    'key': key,
    'note': note,
    'event': [s for s in whole if s.startswith('c2sp.org')][0],
    'growth': [s for s in whole if s.startswith('old ')][0],
    'some.jsonl.proof': [s for s in whole if s.startswith('audit-toolkit/')][0],
    'some.jsonl': lines[0][3:] + '\n' + lines[2][3:] + '\n',
    'line': lines[1][3:] + '\n',
}
for name, text in files.items():
    open(name, 'w', encoding='utf-8').write(text)
END
is "the page has all examples" "$?" 0

for file in note event some.jsonl; do
	run audit-verify --key key $file
	ends "$file holds" 0
	[ $file != event ] || check "and shows the event" grep -qxFf line out
	for at in 5 30 60 90; do
		python3 - $file $at <<'END'
import sys
text = bytearray(open(sys.argv[1], 'rb').read())
text[len(text) * int(sys.argv[2]) // 100] ^= 1
open('spoiled', 'wb').write(text)
END
		[ $file != some.jsonl ] || cp some.jsonl.proof spoiled.proof
		run audit-verify --key key spoiled
		case $status in
		2|5) ok "$file does not hold with a bit changed at $at %" ;;
		*) not_ok "$file does not hold with a bit changed at $at %" ;;
		esac
	done
done

# The page has no older checkpoint that is signed.  What is asked for is one of size 2.
run audit-verify --key key growth
check "a proof of growth says from where" grep -q "size 2" err

finish
