#!/bin/sh
# The option tables, --help and the manuals say the same.

. "${0%/*}/../cli/lib.sh"

page() { # PROGRAM
	ls "$top/man/$1".[18]
}

# The options that a page has an item for: --name and -x, one a line.
items() { # FILE
	sed -n 's/^\.It Fl //p' "$1" | sed 's/ , Fl /\n/g' |
		sed -n -e 's/^-\([a-z][a-z-]*\).*/--\1/p' -e 's/^\([A-Za-z]\)\( .*\)*$/-\1/p' | sort -u
}

table() { # PROGRAM
	"$1" --list-options | grep -v '^operand' | cut -f 1,2 | tr '\t' '\n' | grep -v '^-$' | sort -u
}

items "$top/man/audit-filters.7" >filters
items "$top/man/audit-toolkit.7" >common

for program in auditd-ingest audit-query audit-export audit-summary audit-trail audit-sessions audit-verify audit-prune audit-hold audit-erase audit-detect; do
	items "$(page $program)" >own
	cp own known
	grep -q 'Xr audit-filters 7' "$(page $program)" && sort -u own filters >known
	table $program >options

	is "$program: every option is in the manual" "$(comm -23 options known)" ""
	is "$program: every option of the manual exists" "$(comm -13 options own)" ""
	is "$program: has the common options" "$(comm -13 options common)" ""

	# Help has each name at the beginning of a line.
	run $program --help
	is "$program: --help ends well" "$status" 0
	{ sed -n 's/^  \(-[A-Za-z]\), --.*/\1/p' out
	  sed -n 's/^  -., \(--[a-z-]*\).*/\1/p; s/^      \(--[a-z-]*\).*/\1/p' out
	} | sort -u >helped
	is "$program: --help has every option and no other" "$(diff options helped)" ""
	is "$program: --help fits 80 columns" "$(awk 'length > 80' out)" ""
	is "$program: help begins with examples" "$(sed -n 3p out)" "Examples:"

	run $program --version
	is "$program: --version names SQLite and the store format" \
	    "$(sed -n 's/^SQLite [0-9.]*, store format [0-9][0-9]*$/yes/p' out)" yes
done

# All filters of the manual are filters of the programs that refer to it.
for program in audit-query audit-export audit-trail audit-sessions; do
	table $program >options
	is "$program: every filter of audit-filters(7) exists" "$(comm -13 options filters)" ""
done

finish
