#!/bin/sh
# What goes to a terminal goes through a pager, and to nothing else.

. "$(dirname "$0")/lib.sh"
need tmux

auditd-ingest -q "$top/examples/sample.jsonl" --source shop
unset AUDIT_PAGER PAGER LESS LESSCHARSET LESSOPEN SUDO_UID SUDO_USER DOAS_USER PKEXEC_UID
export TERM=screen

# A pager that tells what it was given.
cat >pager <<'END'
#!/bin/sh
echo "$#:$*" >>"$WORK/called"
env >"$WORK/pager.env"
cat >"$WORK/shown"
echo "paged"
END
# One that reads a line and has enough, taking its time.
cat >hasty <<'END'
#!/bin/sh
head -n 1 >"$WORK/first"
exec <&-
sleep 1
echo "hasty is done"
END
chmod +x pager hasty
WORK=$work
export WORK

screens=0
# terminal COMMAND: what it left on a screen of 100 columns and 30 lines, in
# ./screen; its exit status in $status.
terminal() {
	rm -f ended called shown first
	screens=$((screens + 1))
	socket=$work/tmux$screens
	tmux -S "$socket" -f /dev/null new-session -d -x 100 -y 30 \
	    "LC_ALL=C.UTF-8; export LC_ALL; $1 2>err; echo \$? >ended; sleep 60" 2>err || return 1
	tries=0
	while [ ! -s ended ] && [ $tries -lt 300 ]; do
		[ -z "${2-}" ] || [ $tries -ne 25 ] || eval "$2"
		sleep 0.03
		tries=$((tries + 1))
	done
	sleep 0.05
	tmux -S "$socket" capture-pane -p -S -500 | sed 's/ *$//' >screen
	tmux -S "$socket" kill-server
	status=$(cat ended 2>/dev/null || echo none)
	cp screen out
}
trap 'tmux -S "$socket" kill-server 2>/dev/null; clean_up' EXIT
terminal "true" || skip_all "tmux has no terminal to give"

# ---- Which ----

terminal "PAGER='$work/pager -x  y' audit-query -n 3"
is "\$PAGER is asked, its words at blanks" "$(cat called)" "2:-x y"
is "it gets the table" "$(grep -c . shown)" 4
check "as wide as the terminal allows" sh -c '[ "$(wc -L <shown)" -le 100 ] && [ "$(wc -L <shown)" -gt 60 ]'
ends "the program's status is its own" 0
is "the pager's own words are on the screen" "$(grep -c '^paged' screen)" 1
check "less is told what to do" grep -q '^LESS=FRX$' pager.env

terminal "PAGER=$work/nosuch AUDIT_PAGER=$work/pager audit-query -n 3"
check "\$AUDIT_PAGER comes first" test -s shown
terminal "PAGER='$work/pager' audit-query --action nothing.at.all"
ends "nothing found is still 1" 1
terminal "PAGER='$work/pager; touch $work/x' audit-query -n 3"
check "no shell" test ! -e x
terminal "PAGER=$work/nosuch audit-query -n 3"
is "a pager that is not there is told, and missed by nobody" \
    "$(grep -c 'the pager .*nosuch' err),$(grep -c 2026 screen),$status" "1,3,0"
terminal "PATH=$build PAGER= audit-query -n 3"
is "none is wanted" "$(grep -c 2026 screen),$status" "3,0"

if [ -x /usr/bin/less ]; then
	terminal "audit-query -n 5"
	is "less prints what fits the screen and ends" "$(grep -c 2026 screen),$status" "5,0"
	terminal "audit-query" 'tmux -S "$socket" capture-pane -p >first.screen; tmux -S "$socket" send-keys q'
	is "a long table stops at the first page" "$(grep -c 2026 first.screen)" 28
	is "leaving it ends the program quietly" "$status,$(cat err)" "0,"
else
	skip "less" "not installed"
fi
mkdir bare && ln -sf "$(command -v audit-query)" bare/audit-query
terminal "PATH=$work/bare audit-query -n 3"
is "without less everything goes as it did" "$(grep -c 2026 screen),$status" "3,0"

# ---- When ----

terminal "PAGER=$work/pager audit-query -n 3 --no-pager"
is "--no-pager" "$(test -e shown || echo none),$(grep -c 2026 screen)" "none,3"
terminal "TERM=dumb PAGER=$work/pager audit-query -n 3"
check "not on a dumb terminal" test ! -e shown
for format in jsonl json csv; do
	terminal "PAGER=$work/pager audit-query -n 3 -o $format"
	check "not for $format" test ! -e shown
done
for format in short text detail; do
	terminal "PAGER=$work/pager audit-query -n 3 -o $format"
	check "for $format" test -s shown
done
rm -f shown
PAGER=$work/pager audit-query -n 3 -o table >out
check "not into a file" test ! -e shown
is "which gets the table" "$(grep -c 2026 out)" 3
terminal "PAGER=$work/pager audit-query -n 3 -f --until-match 1 --since 2000"
check "not while following" test ! -e shown

# ---- Leaving it early ----

i=0
while [ $i -lt 40 ]; do
	sed "s/\"id\":\"/&copy$i-/" "$top/examples/sample.jsonl"
	i=$((i + 1))
done | auditd-ingest -q --source shop
terminal "PAGER=$work/hasty audit-query -o text"
is "a pager that has enough ends the program quietly" "$status,$(cat err)" "0,"
check "it is waited for" grep -q '^hasty is done' screen
is "it read" "$(grep -c . first)" 1

# ---- Colours and rights ----

terminal "unset NO_COLOR; PAGER=$work/pager audit-query -n 30"
check "colours go through it" grep -q "$(printf '\033\[')" shown
terminal "PAGER=$work/pager audit-query -n 30"
check "unless nobody wants them" sh -c '! grep -q "$(printf "\033\[")" shown'
terminal "SUDO_UID=1000 PAGER=$work/pager audit-query -n 3"
is "with sudo \$PAGER is not asked" "$(test -e shown || echo none),$(grep -c 2026 screen),$status" "none,3,0"

finish
