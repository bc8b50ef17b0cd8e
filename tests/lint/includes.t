#!/bin/sh
# Who may include whom: one row for each folder of src/, then the third-party
# headers and the only files that may have them.  Ingest knows the store's one
# header, because events, quarantine and position go into the same commit.

. "${0%/*}/../cli/lib.sh"
cd "$top/src" || exit 99

rows='
base
event   base
ingest  store event base
filter  event base
proof   base
store   filter proof event base
query   store filter event base
detect  query store filter event base
render  event base
cli     base event ingest filter proof store query detect render
tools   base event ingest filter proof store query detect render cli
'

foreign='
nettle/sha2.h  base/hash.h base/hash.c
nettle/        base/hash.h base/hash.c base/base64.c proof/note.c
nettle/base64  base/base64.c
nettle/eddsa   proof/note.c
uniwidth.h     base/utf8.c
unicase.h      event/subject_read.c
uninorm.h      event/subject.c event/subject_read.c
uniwbrk.h      event/subject_read.c
zlib.h         base/instream.c base/outstream.c ingest/redact_token.c
zstd.h         base/instream.c base/outstream.c store/codec.c
sqlite3.h      store/
yaml.h         base/yaml.c
jansson.h      render/ cli/document.h
csv.h          render/csv.c ingest/csv.c
pcre2.h        base/pattern.h
seccomp.h      cli/sandbox_seccomp.c
'

# Lines "FILE: HEADER" of quoted includes that the row does not allow.
strangers() { # FOLDER ALLOWED...
	allowed=$(printf '%s|' "$@")
	grep -n -E '^ *# *include *"' "$1"/*.[ch] "$1"/*.def 2>/dev/null |
		grep -v -E "\"(${allowed%|})/[^\"]*\"$"
}

for folder in */; do
	folder=${folder%/}
	row=$(echo "$rows" | grep "^$folder\( \|\$\)")
	# shellcheck disable=SC2086 # a row is words
	if [ -z "$row" ]; then
		not_ok "$folder/ has a row of who it may include"
	else
		found=$(strangers $row)
		if [ -z "$found" ]; then
			ok "$folder/ includes only what its row allows"
		else
			not_ok "$folder/ includes only what its row allows" "$found"
		fi
	fi
done

echo "$foreign" | while read -r header files; do
	[ -n "$header" ] || continue
	for file in $(grep -l -E "^ *# *include *<$header" ./*/*.[ch]); do
		good=no
		for allowed in $files; do
			case ${file#./} in "$allowed"*) good=yes ;; esac
		done
		[ $good = yes ] || echo "${file#./}: <$header>"
	done
done >"$work/foreign"
is "third-party headers are included only where their row says" "$(cat "$work/foreign")" ""

finish
