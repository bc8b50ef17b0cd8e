#!/bin/sh
# audit-event(5) lists the fields, the aliases and the reasons of quarantine
# that the sources have, in their order.
: "${top_srcdir:=.}"
def=$top_srcdir/src/event/field.def
man=$top_srcdir/man/audit-event.5
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

# same NAME: $dir/source and $dir/manual must be equal and not empty
same()
{
	n=$((n + 1))
	if [ -s "$dir/source" ] && cmp -s "$dir/source" "$dir/manual"; then
		echo "ok $n - $1"
	else
		diff "$dir/source" "$dir/manual" | sed 's/^/# /'
		echo "not ok $n - $1"
	fi
}

# section TITLE
section()
{
	awk -v title="$1" '/^\.Sh / { inside = $0 == ".Sh " title } inside' "$man"
}

echo 1..3

sed -n 's/^FIELD([A-Z_]*, "\([^"]*\)".*/\1/p' "$def" >"$dir/source"
section 'THE FIELDS' | sed -n 's/^\.It Va //p' >"$dir/manual"
same 'the fields in canonical order'

sed -n 's/^ALIAS("\([^"]*\)".*/\1/p' "$def" >"$dir/source"
# Below its field each alias; what follows an "and" is no alias.
section 'OTHER NAMES' | sed '/^\.El/q' |
	awk '/^\.Li/ && before != "and" { for (i = 2; i <= NF; i++) if ($i != ",") print $i } { before = $1 }' |
	sed 's/,$//' >"$dir/manual"
# Grouped by field in both; the order within a field is what counts.
sort "$dir/source" -o "$dir/source"
sort "$dir/manual" -o "$dir/manual"
same 'every alias'

sed -n 's/^\t\[EVENT_[A-Z0-9_]*\] = { "\([^"]*\)".*/\1/p' "$top_srcdir/src/event/words.c" |
	grep -vx -e ok -e blank >"$dir/source"
section QUARANTINE | sed -n 's/^\.It Li //p' >"$dir/manual"
sort "$dir/source" -o "$dir/source"
sort "$dir/manual" -o "$dir/manual"
same 'every reason of quarantine'
