#!/bin/sh
# The manuals are clean, and refer to pages that exist.

. "${0%/*}/../cli/lib.sh"
need mandoc
cd "$top/man" || exit 99

for page in *.[1-8]; do
	found=$(mandoc -T lint -W warning "$page" 2>&1)
	is "$page: mandoc has no complaint" "$found" ""
done

# Pages of other packages are named in this list.
others='auditd.8 ausearch.8 cron.8 jq.1 sqlite3.1 systemd.timer.5 journalctl.1 less.1 git.1 sudo.8
auditd.conf.5 inotify.7 logrotate.8 pam_tty_audit.8 sshd.8 su.1 systemd.1'
for page in *.[1-8]; do
	missing=
	for reference in $(sed -n 's/^\.Xr \([^ ]*\) \([1-9]\).*/\1.\2/p' "$page" | sort -u); do
		[ -e "$reference" ] && continue
		case " $(echo $others) " in *" $reference "*) continue ;; esac
		missing="$missing $reference"
	done
	is "$page: refers to pages that exist" "$missing" ""
done

for page in *.[1-8]; do
	grep -q "man/$page\$" local.am || echo "$page"
done >"$work/forgotten"
is "every page is installed" "$(cat "$work/forgotten")" ""

finish
