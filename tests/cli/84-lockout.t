#!/bin/sh
# Lockouts in the hands of others: the examples for PAM and fail2ban.

. "$(dirname "$0")/lib.sh"
locked=$top/examples/pam/audit-locked

now=$(date -u +%s)
fail() { # ACCOUNT-AS-JSON ADDRESS: five times, a minute ago
	for second in 1 2 3 4 5; do
		printf '{"time":"%s","action":"login","category":"AUTHENTICATION","outcome":"failure","actor_id":"%s","ip":"%s"}\n' \
		    "$(date -u -d "@$((now - 60 + second))" +%Y-%m-%dT%H:%M:%SZ)" "$1" "$2"
	done | auditd-ingest -q -
}
fail mallory 203.0.113.9
fail '--db=/nowhere' 203.0.113.10
fail 'eve\",\"ip\":\"198.51.100.1\",\"x\":\"' 2001:db8::66
run audit-detect --rules login-lockout -o jsonl
is "three lockouts" "$(wc -l <out)" 3
cp out alerts.jsonl

# pam ACCOUNT ADDRESS [ARGUMENT...]: sets $status as pam_exec sees it.
pam() {
	pam_user=$1 pam_host=$2
	shift 2
	run env -i PATH="$PATH" AUDIT_DB="$AUDIT_DB" PAM_SERVICE=sshd PAM_TYPE=auth PAM_USER="$pam_user" PAM_RHOST="$pam_host" \
	    sh "$locked" "$@"
}
pam mallory 203.0.113.9
is "PAM: who is locked out is refused, in silence" "$status $(cat out err)" "1 "
pam mallory ::ffff:203.0.113.9
ends "however the address is written" 1
pam mallory 203.0.113.8
is "PAM: from elsewhere nobody is" "$status $(cat out err)" "0 "
pam alice 203.0.113.9
ends "nor is another account" 0
pam --db=/nowhere 203.0.113.10
ends "an account that looks like an option is none" 1
pam 'eve","ip":"198.51.100.1","x":"' 2001:db8::66
ends "nor is one with quotes anything else" 1
pam '*' 203.0.113.9
ends "a pattern is an account" 0
pam mallory ''
ends "who is at the console is let in" 0
pam mallory host.example closed
ends "the name of a host is no address that is locked out" 0
AUDIT_DB=$PWD/none.db
pam mallory 203.0.113.9
ends "without a log all are let in" 0
check "which is said" test -s err
pam alice 203.0.113.9 closed
ends "or nobody, with closed" 1

# fail2ban-regex reads /etc/fail2ban when it is told no filter file.
if command -v fail2ban-regex >/dev/null; then
	run fail2ban-regex -o ip alerts.jsonl "$top/examples/fail2ban/filter.d/audit-lockout.conf"
	is "fail2ban: the addresses, and what no account is called" "$(sort out)" "2001:db8::66
203.0.113.10
203.0.113.9"
	audit-query -o jsonl -D "$work/events.db" action=login >others.jsonl
	sed 's/login\.lockout/detect.sigma/' alerts.jsonl >>others.jsonl
	run fail2ban-regex -o ip others.jsonl "$top/examples/fail2ban/filter.d/audit-lockout.conf"
	is "and of nothing else" "$(cat out)" ""
else
	skip "fail2ban: the addresses, and what no account is called" "fail2ban-regex is not installed"
fi
is "fail2ban: the filter of the jail is that one" "$(sed -n 's/^filter = //p' "$top/examples/fail2ban/jail.d/audit-lockout.conf")" \
    "$(basename "$top"/examples/fail2ban/filter.d/*.conf .conf)"

finish
