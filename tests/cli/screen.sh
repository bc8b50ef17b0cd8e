# screen.sh: what the programs leave on a terminal, seen through tmux.  For
# tests that have read lib.sh:
#
#	. "$top/tests/cli/screen.sh" || exit 99

need tmux
export TERM=screen
unset AUDIT_PAGER PAGER LESS LESSCHARSET LESSOPEN SUDO_UID SUDO_USER DOAS_USER PKEXEC_UID

screen_number=0
screen_lines=60
# One server for each screen, so that none is met while it ends.
trap 'tmux -S "$screen_socket" kill-server 2>/dev/null; clean_up' EXIT

# terminal WIDTH COMMAND [KEY...]: runs it in a terminal of that width.  What
# was printed goes to ./screen, without the empty lines at its end and with
# the terminal's own line ends joined, so that a line too wide for it is seen;
# with escape sequences for colours to ./screen.colours; the title to $title
# and the exit status to $status.  KEYs are typed, a moment apart, at what the
# command shows before it ends; that first page is left in ./page.
terminal() {
	screen_width=$1 screen_command=$2
	shift 2
	rm -f ended page
	: >screen.err
	screen_number=$((screen_number + 1))
	screen_socket=$work/tmux$screen_number
	tmux -S "$screen_socket" -f /dev/null new-session -d -x "$screen_width" -y "$screen_lines" \
	    "LC_ALL=C.UTF-8; export LC_ALL; $screen_command 2>screen.err; echo \$? >ended; sleep 60" \
	    2>err || return 1
	if [ $# -gt 0 ]; then
		screen_tries=0
		until tmux -S "$screen_socket" capture-pane -p | grep -q . || [ $screen_tries -ge 100 ]; do
			sleep 0.05
			screen_tries=$((screen_tries + 1))
		done
		screen_settles
		tmux -S "$screen_socket" capture-pane -p | sed 's/ *$//' >page
		for screen_key; do
			tmux -S "$screen_socket" send-keys "$screen_key"
			sleep 0.2
		done
	fi
	screen_tries=0
	while [ ! -s ended ] && [ $screen_tries -lt 200 ]; do
		sleep 0.05
		screen_tries=$((screen_tries + 1))
	done
	screen_settles
	tmux -S "$screen_socket" capture-pane -p -J -S -2000 |
	    sed -e 's/ *$//' | sed -e :a -e '/^\n*$/{$d;N;ba' -e '}' >screen
	tmux -S "$screen_socket" capture-pane -p -e -J -S -2000 >screen.colours
	title=$(tmux -S "$screen_socket" display-message -p '#{pane_title}')
	tmux -S "$screen_socket" kill-server
	status=$(cat ended 2>/dev/null || echo 'has not ended')
	cp screen out
	cp screen.err err
}

# Waits until the screen has something and shows the same twice.
screen_settles() {
	screen_before=
	screen_tries=0
	while [ $screen_tries -lt 100 ]; do
		sleep 0.05
		screen_now=$(tmux -S "$screen_socket" capture-pane -p -S -2000 | cksum)
		[ "$screen_now" != "$screen_before" ] || [ "$screen_tries" -lt 1 ] || return 0
		screen_before=$screen_now
		screen_tries=$((screen_tries + 1))
	done
}

# fits WIDTH: no line of ./screen is wider, and no character of it steers.
fits() {
	python3 "$top/tests/cli/screen.py" "$1" screen
}
