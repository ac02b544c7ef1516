#!/bin/sh
# Bans of case demo, written by mailforensics: 5 networks, approved by kenji.
# Run: sh THIS-FILE JAIL, with a jail of yours whose ban action takes networks. Such as:
#   [mailforensics]
#   enabled = true
#   filter = postfix
#   backend = auto
#   logpath = /dev/null
#   bantime = -1
#   banaction = iptables-allports
# (The nftables action of fail2ban 1.0 takes single addresses only, no networks.)
# Take back: the same with unbanip. fail2ban keeps no last day: see the remarks below.
set -eu
jail=${1:-mailforensics}
# until 2026-12-24, approved by kenji: password guessing
fail2ban-client set "$jail" banip 198.18.0.0/24
# until 2099-01-01, approved by kenji: password guessing
fail2ban-client set "$jail" banip 198.18.0.9
# for good, approved by kenji: password guessing
fail2ban-client set "$jail" banip 198.18.7.0/24
# until 2099-01-01, approved by kenji: password guessing
fail2ban-client set "$jail" banip 212.70.149.0/24
# until 2099-01-01, approved by kenji: password guessing
fail2ban-client set "$jail" banip 240e:d9:d800:200::/64
