#!/bin/bash
#{{header}}
#
# How to read this file: the networks come first, then the functions, and main at the end.
# What --apply does, in this order, and the function to look into:
#   1. It stops unless it is root, ufw is active and new enough, and it sees who is logged in (apply).
#   2. It collects what must never be banned: private and own addresses, gateway, resolvers, bridges,
#      mynetworks of Postfix, everybody logged in over SSH, your allow list and your own allow rules
#      (collect_protected). If a network of the list touches one, nothing at all is done (check_targets).
#   3. It writes each step down before it takes it, so that --undo works after any kind of end
#      (write_down).
#   4. It sets each ban above every allow rule and looks whether ufw took it (apply_rule), or, above
#      100 networks, all of them in one step (apply_sets).
#   5. It takes back bans that are over or no longer approved (take_back_rules).
#   6. It ends the open sessions of banned networks (end_sessions).
# It never switches ufw on or off, and writes nowhere but in the state folder below and in ufw's own
# files: rules with our comment, or blocks between "# BEGIN mailforensics" and "# END mailforensics".
[ -n "${BASH_VERSION:-}" ] || { echo 'This file needs bash: sudo bash ban.sh --plan' >&2; exit 2; }
set -uf -o pipefail # -f: no word below is ever a pattern of file names
umask 077
# ufw's words are translated, and its Python looks at LANGUAGE before LC_ALL.
export LC_ALL=C LANGUAGE=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

readonly case_id='{{case_id}}'
readonly case_name='{{case}}'
readonly mark="mailforensics $case_id" # begins the comment of every rule of ours
readonly state_root=/var/lib/mailforensics
readonly state=$state_root/$case_id
readonly journal=$state/journal
readonly allow_file=/etc/mailforensics/allow.txt
readonly bulk_threshold=100

# The approved networks, one rule a line:
# network|action|tcp ports|last day|reviewer|approved on|evidence SHA-256|comment|reason
read_approved_rules() {
    mapfile -t approved_rules <<'END_OF_RULES'
#{{rules}}
END_OF_RULES
}

usage() {
    cat <<END
Bans the networks approved in case '$case_name' with ufw. Without an option it shows the plan.

  --plan            show what --apply would do, and why; changes nothing, needs no root
  --apply           ban the approved networks; a second run changes nothing
  --undo            take back exactly what --apply did
  --status          each rule: in place, missing, or without effect
  --verify          the same, with packets counted and when each network was last seen
  --expire          take back the bans that are over
                    (daily, in /etc/cron.d: 5 0 * * * root bash $state/ban.sh --expire)

With --apply:
  --confirm N       take everything back after N seconds, unless you log in anew before that and
                    run --confirm (without a number); works when the terminal is lost
  --skip-refused    ban the others when some networks are refused
  --allow NET       never ban this address or network; repeat it, or list them in $allow_file
  --bulk, --no-bulk load the networks as one set, or as one ufw rule each
                    (without either: as a set above $bulk_threshold networks)
END
}

say() { printf '%s\n' "$*"; }
counted_as() { printf '%s %s' "$1" "$2$( (($1 == 1)) || echo s)"; }
warn() { printf '%s\n' "$*" >&2; }
has_program() { [[ -x $(type -P "$1") ]]; }
fail() {
    warn "ban.sh: $*"
    exit 1
}
wrong_usage() {
    warn "ban.sh: $* (--help lists the options)"
    exit 2
}

# ---- networks as prefix bits: two overlap when the bits of one begin with those of the other ----

declare -A bits_of_byte=() # the key is a byte: d12 in decimal, x0c in hexadecimal

fill_bit_tables() {
    local number bit text hex
    for ((number = 0; number < 256; number++)); do
        text=
        for ((bit = 7; bit >= 0; bit--)); do text+=$((number >> bit & 1)); done
        printf -v hex %02x "$number"
        bits_of_byte[d$number]=$text
        bits_of_byte[x$hex]=$text
    done
}

# network_bits NETWORK: sets $bits to family and prefix in binary (4110101...), or to nothing.
network_bits() {
    local text=$1 length
    bits=
    [[ $text != *[!0-9A-Fa-f:./%]* ]] || text=${text%%\%*}
    if [[ $text == *:* && $text != ::[Ff][Ff][Ff][Ff]:*.* ]]; then
        ipv6_bits "${text,,}"
        return
    fi
    local IFS=./
    # shellcheck disable=SC2086 # split at dots and slash
    set -- ${text##*:}
    length=${5-32}
    [[ $# -ge 4 && ${text##*:} == "$1.$2.$3.$4${5+/$5}" && ${bits_of_byte[d$length]-} ]] || return 0
    ((length <= 32)) || return 0
    text=${bits_of_byte[d$1]-}${bits_of_byte[d$2]-}${bits_of_byte[d$3]-}${bits_of_byte[d$4]-}
    ((${#text} != 32)) || bits=4${text:0:length}
}

ipv6_bits() {
    local text=${1%%/*} length=128 colons missing='' group
    [[ $1 != */* ]] || length=${1#*/}
    [[ ${bits_of_byte[d$length]-} ]] && ((length <= 128)) || return 0
    if [[ $text == *::* ]]; then
        colons=${text//[!:]/}
        for ((group = ${#colons}; group < 8; group++)); do missing+=0:; done
        text=${text/::/:$missing}
        [[ $text != :* ]] || text=0$text
        [[ $text != *: ]] || text+=0
    fi
    local IFS=:
    # shellcheck disable=SC2086 # split at colons
    set -- $text
    (($# == 8)) || return 0
    text=
    for group; do
        [[ $group && $group != ?????* ]] || return 0
        group=000$group group=${group: -4}
        text+=${bits_of_byte[x${group:0:2}]-}${bits_of_byte[x${group:2}]-}
    done
    ((${#text} != 128)) || bits=6${text:0:length}
}

is_overlapping() { [[ $1 == "$2"* || $2 == "$1"* ]]; }

# ---- what is to be banned -----------------------------------------------------------------------

declare -a targets=() target_bits=() target_action=() target_ports=() target_line=() over=()
declare -A target_at=() target_lengths=()

load_targets() {
    local line network bits action ports until today field IFS='|'
    today=$(date -u +%F)
    read_approved_rules
    for line in "${approved_rules[@]}"; do
        # shellcheck disable=SC2206 # split at the bars; set -f keeps file names out
        field=($line)
        network=${field[0]} action=${field[1]} ports=${field[2]} until=${field[3]}
        network_bits "$network"
        [[ $bits && " deny, deny log, reject," == *" $action,"* && ($ports == - || $ports != *[!0-9,]*) ]] ||
            fail "this file is damaged at '$line'. Write it again with mailforensics."
        if [[ $until != - && $today > $until ]]; then
            over+=("$network")
            continue
        fi
        target_at[$bits]=${#targets[@]}
        target_lengths[${#bits}]=1
        targets+=("$network")
        target_bits+=("$bits")
        target_action+=("$action")
        target_ports+=("$ports")
        target_line+=("$line")
    done
}

# read_why TARGET: sets $comment (of the ufw rule) and $why (the decision) of a target.
read_why() {
    local until reviewer day reason
    IFS='|' read -r _ _ _ until reviewer day _ comment reason <<<"${target_line[$1]}"
    why="${until/#-/no end}, approved by $reviewer on $day: $reason"
}

# ufw_words TARGET: sets $words to the rule as `ufw show added` prints it, without its comment.
ufw_words() {
    local network=${targets[$1]}
    [[ $network == *:* ]] && network=${network%/128} || network=${network%/32}
    words="${target_action[$1]} from $network"
    [[ ${target_ports[$1]} == - ]] || words+=" to any port ${target_ports[$1]} proto tcp"
}

# ---- ufw's own rules, in the order in which the kernel asks them ---------------------------------

declare -a rule_words=() rule_bits=() rule_kind=() rule_comment=()

# ufw keeps one "### tuple ### ACTION PROTOCOL PORT TO PORT FROM [APP APP] WAY [comment=HEX]" a rule.
# `ufw show added` lists the same rules, but not in the order that decides for IPv6.
read_ufw_rules() {
    local family action protocol port to from_port from first second way comment
    rule_words=() rule_bits=() rule_kind=() rule_comment=()
    for family in '' 6; do
        while read -r _ _ _ action protocol port to from_port from first second way comment; do
            if [[ -z $second || $second == comment=* ]]; then
                comment=$second way=$first first=- second=-
            fi
            network_bits "$from"
            rule_bits+=("$bits")
            rule_comment+=("${comment#comment=}")
            # A rule for packets from one source to any address of this server is one like ours.
            if [[ $to == */0 && $from_port == any && $way == in && $first$second == -- ]]; then
                rule_kind+=("$protocol $port")
            else
                rule_kind+=("other")
            fi
            describe_rule
        done < <(grep '^### tuple ###' "/etc/ufw/user$family.rules" 2>/dev/null)
    done
}

# describe_rule: adds what read_ufw_rules has just read, as `ufw show added` prints it.
describe_rule() {
    local text=${action%%_*}
    [[ $way == in ]] || text+=" ${way/_/ on }"
    [[ $action != *_* ]] || text+=" ${action#*_}"
    [[ $from == */0 ]] && text+=' from any' || text+=" from $from"
    [[ $to$port == */0any ]] || text+=" to ${to/#*\/0/any}"
    [[ $port == any ]] || text+=" port $port"
    [[ $protocol == any ]] || text+=" proto $protocol"
    rule_words+=("$text")
}

is_ours() { [[ ${rule_comment[$1]} =~ ^$mark_in_hex(20|3a|$) ]]; }

in_hex() { printf '%s' "$1" | od -An -v -tx1 | tr -d ' \n'; }

from_hex() {
    local text=$1 escapes=''
    while [[ $text ]]; do escapes+=\\x${text:0:2} text=${text:2}; done
    printf '%b' "$escapes"
}

# find_rule TARGET: sets $at to the number of ufw's rule for it (or -1) and $found to what it is:
# missing, works, or useless (an `allow` above it lets the packets in first).
find_rule() {
    local kind='any any' number
    [[ ${target_ports[$1]} == - ]] || kind="tcp ${target_ports[$1]}"
    at=-1 found=missing above=
    for number in "${!rule_bits[@]}"; do
        is_overlapping "${rule_bits[number]}" "${target_bits[$1]}" || continue
        if [[ ${rule_kind[number]} == "$kind" && ${rule_bits[number]} == "${target_bits[$1]}" ]]; then
            at=$number
            if [[ -z $above ]] && ! lets_in "$number"; then found=works; else found=useless; fi
            return
        fi
        if lets_in "$number" && [[ -z $above ]]; then above=${rule_words[number]}; fi
    done
}

# lets_in RULE: it lets packets in to this server (not out of it, not through it).
lets_in() {
    [[ ${rule_words[$1]} =~ ^(allow|limit)' ' && ${rule_words[$1]} != *' out '* ]]
}

# ---- what must never be banned ------------------------------------------------------------------

declare -A guards=() guard_lengths=() refused=()
declare -a allowed=()

# protect NETWORK WHY: returns false when the text is no network.
protect() {
    network_bits "$1"
    [[ $bits ]] || return 1
    guard "$bits" "$1, $2"
}

# guard BITS WHAT
guard() {
    guards[$1]=$2
    [[ " ${guard_lengths[${1:0:1}]-} " == *" ${#1} "* ]] || guard_lengths[${1:0:1}]+=" ${#1}"
}

protect_each() {
    local network
    while read -r network; do protect "$network" "$1"; done
}

collect_protected() {
    protect_each 'private, local or reserved' < <(special_networks)
    protect_each 'an address of this server' < <(own_networks)
    protect_each 'a bridge to containers or virtual machines' < <(bridge_networks)
    protect_each 'the gateway of this server' < <(gateways)
    protect_each 'a DNS resolver of this server' < <(resolvers)
    protect_each 'in mynetworks of Postfix' < <(postfix_networks)
    protect_each 'logged in over SSH' < <(ssh_peers)
    protect_allowed
    protect_allow_rules
}

special_networks() {
    printf '%s\n' 0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 \
        192.168.0.0/16 224.0.0.0/4 240.0.0.0/4 ::/127 ::ffff:0:0/96 64:ff9b::/96 fc00::/7 \
        fe80::/10 ff00::/8
}

own_networks() { ip -o address show 2>/dev/null | awk '{ sub("/.*", "", $4); print $4 }'; }

bridge_networks() {
    local bridge
    ip -o link show type bridge 2>/dev/null | awk -F': ' '{ sub("@.*", "", $2); print $2 }' |
        while read -r bridge; do ip -o address show dev "$bridge" | awk '{ print $4 }'; done
}

gateways() {
    { ip route show default; ip -6 route show default; } 2>/dev/null |
        awk '{ for (i = 1; i < NF; i++) if ($i == "via") print ($(i + 1) ~ /^inet/) ? $(i + 2) : $(i + 1) }'
}

resolvers() {
    cat /etc/resolv.conf /run/systemd/resolve/resolv.conf 2>/dev/null |
        awk '$1 == "nameserver" { print $2 }'
}

postfix_networks() {
    local entry
    has_program postconf || return 0
    postconf -xh mynetworks 2>/dev/null | tr -s ', ' '\n' | while read -r entry; do
        entry=${entry#cidr:}
        case $entry in
            '' | '!'*) ;;
            /*) awk '!/^[#!]/ { print $1 }' "$entry" 2>/dev/null ;;
            *) tr -d '[]' <<<"$entry" ;;
        esac
    done
}

# sudo hides SSH_CLIENT, and sshd may listen on another port than 22: ask the sockets.
ssh_peers() {
    local port
    [[ -z ${SSH_CLIENT-} ]] || say "${SSH_CLIENT%% *}"
    {
        { say 22; sshd -T 2>/dev/null | awk '$1 == "port" { print $2 }'; } | sort -u |
            while read -r port; do ss -Htn state established "( sport = :$port )"; done
        ss -Htnp state established | grep -E '"sshd(-session|-auth)?"'
    } 2>/dev/null | awk '{ print $4 }' | sort -u | peer_addresses
}

# peer_addresses: turns 198.51.100.7:4711 and [::ffff:198.51.100.7%eth0]:4711 into addresses.
peer_addresses() { sed -E 's/:[0-9]+$//; s/^\[(.*)\]$/\1/; s/%.*//'; }

protect_allowed() {
    local network
    for network in "${allowed[@]}"; do
        protect "$network" 'named with --allow' || fail "--allow $network is no address or network."
    done
    [[ -r $allow_file ]] || return 0
    while read -r network _; do
        [[ -z $network || $network == \#* ]] || protect "$network" "listed in $allow_file" ||
            fail "$allow_file: '$network' is no address or network; correct that line first."
    done < <(tr -d '\r' <"$allow_file")
}

# Rules of the admin such as `allow from 212.70.149.36`: a ban would silently overrule them.
protect_allow_rules() {
    local number
    for number in "${!rule_bits[@]}"; do
        if lets_in "$number" && ((${#rule_bits[number]} > 1)); then
            guard "${rule_bits[number]}" "what the rule 'ufw ${rule_words[number]}' lets in; \
take that rule away first if the ban is meant"
        fi
    done
}

# refuse TARGET WHY
refuse() { refused[$1]+="${refused[$1]+; it }$2"; }

# check_targets: fills ${refused[TARGET]} with what a target would hit.
check_targets() {
    local number length key
    for number in "${!targets[@]}"; do
        for length in ${guard_lengths[${target_bits[number]:0:1}]}; do
            key=${target_bits[number]:0:length}
            [[ ! ${guards[$key]-} ]] || refuse "$number" "lies in ${guards[$key]}"
        done
        if [[ ${target_bits[number]} == 6* && $ipv6 == off ]]; then
            refuse "$number" 'cannot be banned while IPv6 is off in ufw (IPV6=no in /etc/default/ufw)'
        fi
    done
    for key in "${!guards[@]}"; do
        for length in "${!target_lengths[@]}"; do
            number=${target_at[${key:0:length}]-}
            ((${#key} <= length)) || [[ -z $number ]] || refuse "$number" "holds ${guards[$key]}"
        done
    done
}

show_refused() {
    local number
    for number in "${!targets[@]}"; do
        [[ -z ${refused[$number]-} ]] || warn "REFUSED ${targets[number]}: it ${refused[$number]}."
    done
}

# ---- before anything is changed -----------------------------------------------------------------

need_root() { ((EUID == 0)) || fail "--$mode needs root: sudo bash $0 --$mode"; }

need_ufw() {
    local version
    has_program ufw || fail 'ufw is not installed; this script works only with ufw.'
    version=$(ufw version | awk 'NR == 1 { print $2 }')
    [[ $version =~ ^([0-9]+)\.([0-9]+) ]] || fail "'ufw version' says nothing useful: $version"
    ((BASH_REMATCH[1] > 0 || 10#${BASH_REMATCH[2]} >= 36)) ||
        fail "ufw $version is too old; this script needs 0.36 or newer."
}

is_ufw_active() { [[ $(ufw status 2>/dev/null | head -n 1) == 'Status: active' ]]; }

need_active_ufw() {
    ! is_ufw_active || return 0
    warn "ufw is inactive, so no rule would have an effect. This script never switches it on, since
that can lock you out. Do it yourself, in this order:
  1. sudo ufw allow 22/tcp   (or whatever port your sshd has: sudo sshd -T | grep ^port)
  2. sudo ufw allow 25/tcp   (and each other service that the world must reach)
  3. sudo ufw enable         (keep this session open, and try a second login before you leave it)"
    fail 'nothing was changed.'
}

need_sight_of_ssh() {
    { has_program ss && has_program ip; } || ((${#allowed[@]})) ||
        fail "without ss and ip it cannot see who is logged in. Install iproute2, or name the
address you work from with --allow ADDRESS (more than one: repeat it). Nothing was changed."
}

# take_lock SECONDS: one run at a time. A ufw that a killed run left behind holds the lock too.
take_lock() {
    install -d -m 700 "$state_root" || fail "$state_root cannot be made."
    exec 9>"$state_root/lock"
    flock -w "$1" 9 || fail 'another run is at work on this server; wait for it to end.'
}

look_around() {
    ipv6=off
    ! grep -qiE '^IPV6="?yes' /etc/default/ufw 2>/dev/null || ipv6=on
    ((EUID)) || read_ufw_rules
    collect_protected
    check_targets
}

# choose_way: sets $way to rules (one ufw rule each) or sets (all in one step).
choose_way() {
    way=rules
    [[ $bulk == no ]] || ((${#targets[@]} - ${#refused[@]} <= bulk_threshold)) || way=sets
    [[ $bulk != yes ]] || way=sets
}

# ---- the journal: each step is written down before it is taken ----------------------------------

# open_journal: keeps the state before the first step, and this file for the timer and for cron.
open_journal() {
    local name
    install -d -m 700 "$state" || fail "cannot write to $state."
    if [[ ! -e $journal ]]; then
        rm -rf "$state/before" "$state/before.new"
        install -d -m 700 "$state/before.new"
        for name in ufw.conf user.rules user6.rules; do
            cp -p "/etc/ufw/$name" "$state/before.new/" || fail "cannot write to $state."
        done
        sync
        mv "$state/before.new" "$state/before"
        write_down begin "$(date +%s)"
    fi
    [[ $0 -ef $state/ban.sh ]] ||
        { cp "$0" "$state/ban.sh.new" && mv "$state/ban.sh.new" "$state/ban.sh"; } ||
        fail "cannot keep a copy of $0 in $state; run this script from a file."
}

write_down() {
    local IFS='|'
    { printf '%s\n' "$*" >>"$journal" && sync "$journal"; } || fail "cannot write to $journal."
    entries+=("$*")
}

# read_journal: sets $entries, oldest first. A torn last line is a step that was never taken.
read_journal() {
    entries=()
    [[ ! -e $journal ]] || mapfile -t entries < <(grep -E '^(begin|add|take|bulk)\|' "$journal")
}

# keep_entries: writes the journal anew without the entries in $leaving.
keep_entries() {
    local entry words
    for entry in "${entries[@]}"; do
        IFS='|' read -r _ words _ <<<"$entry"
        [[ ${leaving[$words]-} ]] || say "$entry"
    done >"$journal.new"
    sync "$journal.new"
    mv "$journal.new" "$journal"
    read_journal
}

forget_journal() {
    rm -rf "$state.old"
    [[ ! -d $state ]] || mv "$state" "$state.old"
    rm -rf "$state.old"
}

# ---- one ufw rule each --------------------------------------------------------------------------

# call_ufw: a step of ufw, once begun, is not cut short by Ctrl-C or a lost terminal.
call_ufw() { (trap '' INT TERM HUP && exec ufw "$@" >/dev/null); }

apply_rules() {
    local number
    for ((number = ${#targets[@]} - 1; number >= 0; number--)); do
        ((!stop)) || fail 'stopped. --apply goes on from here, --undo takes back what was done.'
        [[ ${refused[$number]-} ]] || apply_rule "$number"
    done
}

# A rule that exists anywhere makes ufw say "Skipping" and do nothing: delete it, prepend, look.
apply_rule() {
    local comment why
    find_rule "$1"
    [[ $found != works ]] || return 0
    ufw_words "$1"
    read_why "$1"
    [[ $found != useless ]] || take_away "$at"
    write_down add "$words" "$comment"
    # shellcheck disable=SC2086 # the words are ours: action, network, ports
    call_ufw prepend $words comment "$comment"
    ufw show added | grep -xF "ufw $words comment '$comment'" >/dev/null ||
        fail "ufw did not take the rule '$words'. --undo takes back what was done so far."
    read_ufw_rules
    find_rule "$1"
    [[ $found == works ]] || fail "'$words' has no effect below '$above'. --undo takes it back."
    say "banned ${targets[$1]} ($why)"
    ((changes += 1))
}

# take_away RULE: deletes a rule that has no effect where it stands; --undo puts it back.
take_away() {
    if ! is_ours "$1"; then
        write_down take "${rule_words[$1]}" "$(from_hex "${rule_comment[$1]}")"
        say "took away '${rule_words[$1]}': it had no effect below '$above'"
    fi
    # shellcheck disable=SC2086 # words that ufw itself wrote
    call_ufw delete ${rule_words[$1]}
}

# has_rule WORDS: sets $at to the number of ufw's rule with these words.
has_rule() {
    for at in "${!rule_words[@]}"; do
        [[ ${rule_words[at]} != "$1" ]] || return 0
    done
    return 1
}

undo_add() {
    has_rule "$1" && is_ours "$at" || return 0
    # shellcheck disable=SC2086 # words that this script wrote into its journal
    call_ufw delete $1
    read_ufw_rules
    ! has_rule "$1" || ! is_ours "$at" || fail "ufw kept the rule '$1'; try --undo again."
    say "took back '$1'"
}

undo_take() {
    local comment=()
    ! has_rule "$1" || return 0
    [[ -z $2 ]] || comment=(comment "$2")
    # shellcheck disable=SC2086 # words that ufw itself wrote
    call_ufw $1 "${comment[@]}"
    read_ufw_rules
    has_rule "$1" || fail "ufw did not take its rule '$1' back; try --undo again."
    say "put back '$1'"
}

# undo_entries [leaving]: undoes the journal, last step first; or only the entries in $leaving.
undo_entries() {
    local number kind words comment
    for ((number = ${#entries[@]} - 1; number >= 0; number--)); do
        IFS='|' read -r kind words comment <<<"${entries[number]}"
        (($# == 0)) || [[ ${leaving[$words]-} ]] || continue
        case $kind in
            add) undo_add "$words" ;;
            take) undo_take "$words" "$comment" ;;
        esac
    done
}

# take_back_rules WHICH: those that are over, that are no longer approved, or all single rules.
take_back_rules() {
    local kind words comment number today
    declare -gA leaving=()
    local -A wanted=()
    today=$(date -u +%F)
    for number in "${!targets[@]}"; do
        ufw_words "$number"
        [[ ${refused[$number]-} ]] || wanted[$words]=1
    done
    for number in "${!entries[@]}"; do
        IFS='|' read -r kind words comment <<<"${entries[number]}"
        [[ $kind == add ]] || continue
        if [[ $comment =~ ' until '([0-9-]{10}): && $today > ${BASH_REMATCH[1]} ]]; then
            leaving[$words]=over
        elif [[ $1 == all || ($1 == withdrawn && -z ${wanted[$words]-}) ]]; then
            leaving[$words]=$1
        fi
    done
    ((${#leaving[@]})) || return 0
    undo_entries leaving
    keep_entries
}

# restore_bytes: where the rules are as before but ufw wrote them otherwise (another order, an older
# version's form), puts the very bytes back. Not if somebody changed other settings since.
restore_bytes() {
    local name
    [[ -d $state/before ]] && cmp -s "$state/before/ufw.conf" /etc/ufw/ufw.conf || return 0
    for name in user user6; do
        cmp -s "$state/before/$name.rules" "/etc/ufw/$name.rules" && continue
        cmp -s <(grep '^###' "$state/before/$name.rules" | sort) \
            <(grep '^###' "/etc/ufw/$name.rules" | sort) || continue
        replace_file "/etc/ufw/$name.rules" <"$state/before/$name.rules"
        ! is_ufw_active || load_rules "${name#user}" <"/etc/ufw/$name.rules"
    done
}

# replace_file FILE [MODE]: gives it the content read, in one step; owner and mode stay.
replace_file() {
    local new="${1%/*}/.${1##*/}.mailforensics"
    { cp -p "$1" "$new" && cat >"$new" && [[ -s $new ]] && chmod "${2:-$(stat -c %a "$1")}" "$new" &&
        sync "$new" && mv "$new" "$1"; } || fail "cannot write $1; it stays as it is."
}

# kernel FAMILY ...: iptables or ip6tables; waits while another program uses them.
kernel() { "ip${1#4}tables" -w 10 "${@:2}"; }

# load_rules FAMILY [-t]: gives rules to the kernel in one step, as ufw does (-t: only tries).
load_rules() { "ip${1#4}tables-restore" -w 10 -n ${2+"$2"}; }

# ---- all in one step: sets of networks, by the extension points of `man ufw-framework` ----------
#
# A chain of our own, first in ufw-before-input, so that it also stops sessions that are open. It
# stands as a marked block in before.rules and before6.rules; before.init makes the sets at boot.
# The kernel gets the same block with iptables-restore: `ufw reload` would open the firewall for a
# second. Without ipset the chain holds one plain rule a network.

readonly chain=mf-$case_id
readonly set_file=/etc/ufw/mailforensics-$case_id.ipset
declare -a group_name=() group_family=() group_action=() group_ports=()
declare -A group_of=()

# group_targets: one set for each family, action and port list; ${group_of[TARGET]} is its number.
group_targets() {
    local number key
    local -A known=()
    group_name=() group_family=() group_action=() group_ports=() group_of=()
    for number in "${!targets[@]}"; do
        [[ -z ${refused[$number]-} ]] || continue
        key="${target_bits[number]:0:1}|${target_action[number]}|${target_ports[number]}"
        if [[ -z ${known[$key]-} ]]; then
            known[$key]=${#group_name[@]}
            group_name+=("$chain-${key:0:1}-${#group_name[@]}")
            group_family+=("${key:0:1}")
            group_action+=("${target_action[number]}")
            group_ports+=("${target_ports[number]}")
        fi
        group_of[$number]=${known[$key]}
    done
}

# choose_kind: sets $kind to sets or plain. Making before.init run must start nothing but our block.
choose_kind() {
    local init=/etc/ufw/before.init harmless='^\s*(#.*|set -e|case .* in|[a-z*-]+\)|;;|esac|echo .*)?$'
    kind=plain
    if ! ipset list -n >/dev/null 2>&1; then
        say 'ipset does not work here (sudo apt install ipset): writing one plain rule a network.'
    elif [[ ! -f $init ]] || { [[ ! -x $init ]] && without_block "$init" | grep -vE "$harmless" >/dev/null; }; then
        say "$init is switched off but holds commands: writing one plain rule a network."
    else
        kind=sets
    fi
}

set_lines() {
    local number
    for number in "${!group_name[@]}"; do say "$(create_line "$number" '')"; done
    for ((number = 0; number < ${#targets[@]}; number++)); do
        [[ ! ${group_of[$number]-} ]] || say "add ${group_name[group_of[$number]]} ${targets[number]}"
    done
}

# create_line GROUP SUFFIX: the line of ipset that makes the set.
create_line() {
    local family=${group_family[$1]}
    say "create ${group_name[$1]}$2 hash:net family inet${family#4} maxelem 1048576 counters"
}

# load_sets: gives the kernel the sets of $set_file; a set that is in use is replaced in one step.
load_sets() {
    local number name
    {
        for number in "${!group_name[@]}"; do
            create_line "$number" ''
            create_line "$number" n
            say "flush ${group_name[number]}n"
        done
        sed -nE 's/^add ([^ ]*)/add \1n/p' "$set_file"
        for name in "${group_name[@]}"; do printf 'swap %s %sn\ndestroy %sn\n' "$name" "$name" "$name"; done
    } | ipset -exist restore
}

our_sets() { ipset list -n 2>/dev/null | grep -E "^$chain-[46]-[0-9]+n?\$"; }

# chain_lines FAMILY: our chain and its rules, without the jump to it.
chain_lines() {
    local number
    say ":$chain - [0:0]"
    if [[ $kind == sets ]]; then
        for number in "${!group_name[@]}"; do
            [[ ${group_family[number]} != "$1" ]] ||
                verdict_lines "$number" "-m set --match-set ${group_name[number]} src"
        done
    else
        for number in "${!targets[@]}"; do
            [[ ${target_bits[number]} != "$1"* || ! ${group_of[$number]-} ]] ||
                verdict_lines "${group_of[$number]}" "-s ${targets[number]}"
        done
    fi
}

# verdict_lines GROUP MATCH: what happens to the packets that match.
verdict_lines() {
    local rule="-A $chain $2" ports=${group_ports[$1]} family=${group_family[$1]}
    [[ $ports == - ]] || rule+=" -p tcp -m multiport --dports $ports"
    case ${group_action[$1]} in
        'deny log') printf '%s\n' "$rule -j ufw${family#4}-logging-deny" "$rule -j DROP" ;;
        deny) say "$rule -j DROP" ;;
        reject)
            [[ $ports != - ]] || say "$rule -p tcp -j REJECT --reject-with tcp-reset"
            if [[ $ports != - ]]; then rule+=' -j REJECT --reject-with tcp-reset'; else rule+=' -j REJECT'; fi
            say "$rule"
            ;;
    esac
}

block_lines() {
    printf '%s\n' "# BEGIN $mark" "$(chain_lines "$1")" "-A ufw${1#4}-before-input -j $chain" "# END $mark"
}

# init_lines MODE: the block of before.init, which remembers the mode that the file had.
init_lines() {
    cat <<END
# BEGIN $mark mode $1
if [ "\$1" = start ] && ! ipset -exist restore <$set_file; then
    # Without its sets ufw would not start at all: better a firewall without these bans.
    sed -i '/^# BEGIN $mark\$/,/^# END $mark\$/ s/^[-:]/#&/' /etc/ufw/before.rules /etc/ufw/before6.rules
fi
# END $mark
END
}

has_block() { grep -q "^# BEGIN $mark\\( mode [0-7]*\\)\\?\$" "$1" 2>/dev/null; }

our_block() { sed -n "/^# BEGIN $mark\$/,/^# END $mark\$/p" "$1"; }

without_block() { sed "/^# BEGIN $mark\\( mode [0-7]*\\)\\?\$/,/^# END $mark\$/d" "$1"; }

# need_whole_blocks: a block without its end would take the rest of the file with it.
need_whole_blocks() {
    local file
    for file in before.init before.rules before6.rules; do
        ! has_block "/etc/ufw/$file" || grep -q "^# END $mark\$" "/etc/ufw/$file" ||
            fail "/etc/ufw/$file has '# BEGIN $mark' without its END line; repair it by hand."
    done
}

# with_block FILE LINE: prints the file with the block read in front of that line.
with_block() {
    without_block "$1" | head -n "$(($2 - 1))"
    cat
    without_block "$1" | tail -n "+$2"
}

# first_line FILE LINES: the number of its first line of that kind (in a file of rules: of the *filter
# table), or of the block of another case: ours belongs before it.
first_line() {
    without_block "$1" | awk -v lines="$2" '
        /^\*/ { other = ($1 != "*filter") }
        !other && !found && ($0 ~ lines || /^# BEGIN mailforensics /) { found = NR }
        END { print found }'
}

apply_sets() {
    local family file line
    group_targets
    need_whole_blocks
    choose_kind
    ! are_sets_in_place || return 0
    write_down bulk sets
    if [[ $kind == sets ]]; then
        set_lines >"$set_file.new" && sync "$set_file.new" && mv "$set_file.new" "$set_file"
        load_sets || fail 'ipset did not take the networks; nothing else was changed. See --undo.'
    fi
    for family in 4 6; do
        file=/etc/ufw/before${family#4}.rules
        line=$(first_line "$file" '^(-|COMMIT)')
        [[ $line ]] || fail "$file has no *filter table; nothing was put there. See --undo."
        block_lines "$family" | with_block "$file" "$line" >"$state/rules"
        ((family == 4)) || [[ $ipv6 == on ]] || continue
        load_rules "$family" -t <"$state/rules" ||
            fail "the kernel does not take our block in $file; it was not put there. See --undo."
    done
    [[ $kind == plain ]] || put_init_block
    for family in 4 6; do put_rules_block "$family"; done
    remove_old_sets
    ((changes += ${#group_of[@]}))
    say "banned $(counted_as ${#group_of[@]} network) in one step (chain $chain)"
}

put_init_block() {
    local init=/etc/ufw/before.init permissions line
    permissions=$(sed -n 's/^# BEGIN mailforensics .* mode \([0-7]*\)$/\1/p' "$init" | head -n 1)
    permissions=${permissions:-$(stat -c %a "$init")}
    line=$(first_line "$init" '^([^#]|$)')
    [[ $line ]] || fail "$init holds nothing but comments; our block has no place there. See --undo."
    init_lines "$permissions" | with_block "$init" "$line" |
        replace_file "$init" 750 || exit
}

# put_rules_block FAMILY: first into the file, then into the kernel.
put_rules_block() {
    local file=/etc/ufw/before${1#4}.rules
    if [[ $1 == 6 && $ipv6 == off ]]; then return; fi
    block_lines "$1" | with_block "$file" "$(first_line "$file" '^(-|COMMIT)')" |
        replace_file "$file" || exit
    {
        printf '%s\n' '*filter' "$(chain_lines "$1")"
        kernel "$1" -C "ufw${1#4}-before-input" -j "$chain" 2>/dev/null ||
            say "-I ufw${1#4}-before-input 1 -j $chain"
        say COMMIT
    } | load_rules "$1" || fail "the kernel did not take the rules of $file. See --undo."
}

# are_sets_in_place: files and kernel hold exactly what they should.
are_sets_in_place() {
    local family name members=0
    for family in 4 6; do
        [[ $family == 4 || $ipv6 == on ]] || continue
        cmp -s <(block_lines "$family") <(our_block "/etc/ufw/before${family#4}.rules") || return 1
        kernel "$family" -C "ufw${family#4}-before-input" -j "$chain" 2>/dev/null || return 1
    done
    [[ $kind == sets ]] || return 0
    has_block /etc/ufw/before.init && cmp -s <(set_lines) "$set_file" || return 1
    for name in "${group_name[@]}"; do
        ((members += $(ipset list -t "$name" 2>/dev/null | sed -n 's/^Number of entries: //p') + 0))
    done
    ((members == ${#group_of[@]}))
}

remove_old_sets() {
    local name
    while read -r name; do
        [[ $kind == sets && " ${group_name[*]} " == *" $name "* ]] || ipset destroy "$name"
    done < <(our_sets)
}

# undo_sets: rules first, so that at no moment a rule names a set that is gone.
undo_sets() {
    local family file init=/etc/ufw/before.init permissions
    need_whole_blocks
    for family in 4 6; do
        file=/etc/ufw/before${family#4}.rules
        ! has_block "$file" || without_block "$file" | replace_file "$file" || exit
        while kernel "$family" -D "ufw${family#4}-before-input" -j "$chain" 2>/dev/null; do :; done
        kernel "$family" -F "$chain" 2>/dev/null && kernel "$family" -X "$chain"
    done
    if has_block "$init"; then
        permissions=$(sed -n "s/^# BEGIN $mark mode //p" "$init")
        [[ $(grep -c '^# BEGIN mailforensics ' "$init") == 1 ]] || permissions=
        without_block "$init" | replace_file "$init" "$permissions" || exit
    fi
    rm -f "$set_file" "$set_file.new"
    kind=plain
    remove_old_sets
}

# ---- sessions that are open ---------------------------------------------------------------------

# find_target BITS: sets $target to the number of the ban that holds this address.
find_target() {
    local length
    for length in "${!target_lengths[@]}"; do
        target=${target_at[${1:0:length}]-}
        [[ ! $target || ${refused[$target]-} ]] || return 0
    done
    return 1
}

# banned_sessions: sets $sessions to "ADDRESS PORT" of each open session of a banned network, and
# ${has_session[TARGET]}.
banned_sessions() {
    local here peer
    sessions=() has_session=()
    while read -r _ _ here peer _; do
        peer=${peer%:*} peer=${peer#[} peer=${peer%]}
        network_bits "$peer"
        find_target "${bits:--}" || continue
        [[ ${target_ports[target]} == - || ,${target_ports[target]}, == *,${here##*:},* ]] || continue
        sessions+=("$peer ${here##*:}")
        has_session[target]=1
    done < <(ss -Htn state established 2>/dev/null)
}

# end_sessions: ufw lets a session go on that was open before the ban; so end it where one can.
end_sessions() {
    local session
    has_program ss || { say 'Without ss, sessions that are open may go on.' && return; }
    banned_sessions
    for session in "${sessions[@]}"; do
        ss -K dst "${session% *}" sport = ":${session#* }" >/dev/null 2>&1
    done
    ((${#sessions[@]} == 0)) || say "open sessions of banned networks: ${#sessions[@]}"
    banned_sessions
    for session in "${sessions[@]}"; do
        if [[ $way == sets ]]; then
            say "  ${session% *} at port ${session#* }: its packets are dropped now"
        elif conntrack -D -s "${session% *}" >/dev/null 2>&1; then
            say "  ${session% *} at port ${session#* }: forgotten by the firewall, so its packets are dropped now"
        else
            say "  ${session% *} at port ${session#* }: goes on until it closes (this kernel has no ss -K)"
        fi
    done
}

# ---- the safety net: back to the state before, unless a new login confirms ----------------------

# login_id: a number of this login that sudo does not change; nothing where the system has none.
login_id() { grep -vx 4294967295 /proc/self/sessionid 2>/dev/null; }

# start_timer: everything is taken back after $confirm seconds; survives the end of this terminal.
start_timer() {
    local token
    token="$(date +%s)-$$-$RANDOM"
    say "$token $(login_id)" >"$state/confirm.new" && mv "$state/confirm.new" "$state/confirm"
    [[ -d /run/systemd/system ]] && systemd-run --quiet --collect --on-active="$confirm" \
        --timer-property=AccuracySec=1s bash "$state/ban.sh" --undo-unless-confirmed 0 "$token" 2>/dev/null && return
    setsid bash "$state/ban.sh" --undo-unless-confirmed "$confirm" "$token" \
        </dev/null >>"$state_root/undo.log" 2>&1 9>&- &
}

undo_unless_confirmed() {
    need_root
    sleep "$wait"
    [[ -r $state/confirm && $(<"$state/confirm") == "$token "* ]] || exit 0
    logger -t mailforensics "case $case_id was not confirmed; taking its bans back" 2>/dev/null
    undo
}

confirm() {
    local applied
    need_root
    take_lock 60
    [[ -e $state/confirm ]] || { say 'Nothing waits to be confirmed.' && return; }
    read -r _ applied <"$state/confirm"
    [[ -z $applied || $applied != "$(login_id)" ]] ||
        fail 'this is the login that applied the bans. Log in anew, so that you know you still can,
and confirm from there.'
    rm -f "$state/confirm"
    say 'Confirmed: the bans stay.'
}

# ---- the modes ----------------------------------------------------------------------------------

show_plan() {
    local number shown=0 comment why
    choose_way
    say "Case '$case_name': $(counted_as ${#targets[@]} network) to ban; bans that are over: ${#over[@]}."
    say 'This is the plan; nothing is changed. --apply acts, --undo takes back.'
    show_hindrance
    [[ $way == rules ]] || say "They would be loaded as sets, in one step, not with one ufw rule each."
    for number in "${!targets[@]}"; do
        [[ ! ${refused[$number]-} ]] || continue
        ((shown += 1))
        ((shown <= bulk_threshold)) || continue
        ufw_words "$number"
        say "  ufw prepend $words"
        read_why "$number"
        say "      $why"
        ((EUID)) || show_plan_state "$number"
    done
    ((!EUID)) || say 'As root it also says what is in place already and what rule of yours contradicts.'
    ((shown <= bulk_threshold)) || say "  and $((shown - bulk_threshold)) more; the list begins at the top of $0"
    show_refused
}

# is_ufw_off: only root may ask ufw itself.
is_ufw_off() {
    if ((EUID)); then grep -qiE '^ENABLED="?no' /etc/ufw/ufw.conf 2>/dev/null; else ! is_ufw_active; fi
}

# show_hindrance: says why --apply would stop here, or do nothing.
show_hindrance() {
    if ! has_program ufw; then
        say 'ufw is not installed here: --apply would stop.'
    elif is_ufw_off; then
        say 'ufw is inactive here: no rule has an effect, and --apply would stop until you switch it on.'
    fi
}

show_plan_state() {
    find_rule "$1"
    case $found in
        works) say "      already in place: '${rule_words[at]}'" ;;
        useless) say "      takes away '${rule_words[at]}': no effect below '$above'" ;;
    esac
}

apply() {
    need_root && need_ufw && need_active_ufw && need_sight_of_ssh
    take_lock 60
    look_around
    show_refused
    ((!${#refused[@]} || skip_refused)) ||
        fail 'nothing was changed. Reject these networks, or ban the others: --apply --skip-refused'
    choose_way
    read_journal
    trap 'stop=1' INT TERM
    trap '' HUP
    changes=0 stop=0 pending=''
    [[ ! -e $state/confirm ]] || pending=yes
    open_journal
    [[ -z $confirm ]] || start_timer
    if [[ $way == sets ]]; then
        apply_sets && take_back_rules all
    else
        apply_rules && take_back_rules withdrawn && take_back_sets
    fi
    end_sessions
    say "$(counted_as $changes ban) added; $(counted_as ${#targets[@]} network) approved, \
${#refused[@]} refused, ${#over[@]} over."
    if [[ $confirm && ($changes -gt 0 || $pending) ]]; then
        start_timer
        say "Log in anew within $confirm seconds and run: sudo bash $0 --confirm
Otherwise everything is taken back."
    elif [[ $confirm ]]; then
        rm -f "$state/confirm"
    elif [[ $pending ]]; then
        say 'An earlier run still waits for --confirm.'
    fi
}

# take_back_sets: after a change from sets to single rules.
take_back_sets() {
    [[ " ${entries[*]} " == *' bulk|'* ]] || return 0
    undo_sets
    declare -gA leaving=([sets]=1)
    keep_entries
}

undo() {
    local number
    need_root && need_ufw
    take_lock 600
    read_ufw_rules
    read_journal
    ((${#entries[@]})) || say 'Nothing is written down for this case.'
    undo_sets
    undo_entries
    for number in "${!rule_words[@]}"; do
        ! is_ours "$number" || undo_add "${rule_words[number]}"
    done
    rm -f /etc/ufw/.*.mailforensics
    restore_bytes
    forget_journal
    say 'Everything of this case is taken back.'
}

expire() {
    need_root && need_ufw
    take_lock 600
    look_around
    read_journal
    changes=0
    if [[ " ${entries[*]} " == *' bulk|'* ]]; then
        keep_to_members
        if ((${#targets[@]})); then apply_sets; else undo_sets; fi
    fi
    take_back_rules over
    say "Bans of this case that are over, and not in force: ${#over[@]}."
}

# keep_to_members: only what is banned now may stay banned; --expire adds nobody.
keep_to_members() {
    local number
    read_members
    for number in "${!targets[@]}"; do
        [[ ${members[${target_bits[number]}]-} ]] || refuse "$number" 'is not in force'
    done
}

show_status() {
    local number
    need_root && need_ufw
    look_around
    read_members
    for number in "${!targets[@]}"; do
        state_of "$number"
        say "${targets[number]}: $answer"
    done
    for number in "${!over[@]}"; do say "${over[number]}: over"; done
    is_ufw_active || say 'ufw is inactive: no rule has an effect.'
}

# read_members: sets ${members[BITS]} for each network that our chain in the kernel drops.
read_members() {
    local network
    declare -gA members=()
    while read -r network; do
        network_bits "$network"
        [[ ! $bits ]] || members[$bits]=1
    done <<<"$(
        for family in 4 6; do
            kernel "$family" -C "ufw${family#4}-before-input" -j "$chain" || continue
            kernel "$family" -S "$chain" | sed -nE 's/.* -s ([^ ]+) .*/\1/p'
            for name in $(kernel "$family" -S "$chain" |
                sed -nE 's/.*--match-set ([^ ]+) .*/\1/p' | sort -u); do
                ipset save "$name" | awk '$1 == "add" { print $3 }'
            done
        done 2>/dev/null
    )"
}

# state_of TARGET: sets $answer to its state in words.
state_of() {
    answer=missing
    find_rule "$1"
    [[ $found != useless ]] || answer="no effect, below '$above'"
    [[ $found != works && ! ${members[${target_bits[$1]}]-} ]] || answer='in place'
    [[ ! ${refused[$1]-} ]] || answer+=" (refused: it ${refused[$1]})"
}
# verify: is each ban in place, does it catch packets, and was the network seen since?
verify() {
    local number since
    show_status >/dev/null
    read_journal
    read_counters
    since=$(sed -n 's/^begin|//p' "$journal" 2>/dev/null)
    read_last_seen blocked '\[UFW [A-Z ]*BLOCK\]' 's/.* SRC=([^ ]*) .*/\1/' kernel ufw.log kern.log syslog
    read_last_seen connected ' connect from ' 's/.* connect from [^ ]*\[([^]]*)\].*/\1/' mail mail.log syslog
    banned_sessions
    for number in "${!targets[@]}"; do
        state_of "$number"
        say "${targets[number]}: $answer; ${counted[${target_bits[number]}]-0} packets stopped"
        [[ ! ${blocked[$number]-} ]] || say "    last in the firewall's log: ${blocked[$number]}"
        [[ ! ${connected[$number]-} ]] || explain_seen "$number" "${connected[$number]}" "${since:-0}"
    done
    say "A plain deny writes nothing into the firewall's log, and ufw writes at most 3 lines a minute:
silence there proves nothing. No more 'connect from' in the mail log does."
}

# read_counters: sets ${counted[BITS]} to the packets that were stopped, as the kernel counts them.
read_counters() {
    local network packets
    declare -gA counted=()
    while read -r network packets; do
        network_bits "$network"
        [[ ! $bits ]] || counted[$bits]=$((${counted[$bits]-0} + packets))
    done <<<"$(
        { iptables-save -c -t filter; ip6tables-save -c -t filter; } 2>/dev/null |
            sed -nE "s/^\[([0-9]+):[0-9]+\] -A (ufw6?-user-input|$chain) -s ([^ ]+) .*-j (DROP|REJECT).*/\3 \1/p"
        ipset save 2>/dev/null | sed -nE "s/^add $chain-[^ ]+ ([^ ]+) packets ([0-9]+) .*/\1 \2/p"
    )"
}

# read_last_seen NAME LINES SOURCE JOURNAL FILE...: sets ${NAME[TARGET]} to the last time that a line
# of the log named an address of the target; without a log file it asks the journal.
read_last_seen() {
    local -n last=$1
    local lines=$2 source=$3 journal_of=$4 file log='' address time
    declare -ga "$1=()"
    for file in "${@:5}"; do [[ $log || ! -r /var/log/$file ]] || log=/var/log/$file; done
    while read -r address time; do
        network_bits "$address"
        # shellcheck disable=SC2034 # a name for the array that the caller named
        if find_target "${bits:--}"; then last[target]=$time; fi
    done < <(
        if [[ $log ]]; then tail -n 200000 "$log"; else system_journal "$journal_of"; fi 2>/dev/null |
            grep -aE "$lines" | awk -v source="$source" '{
                time = ($1 ~ /^[0-9][0-9][0-9][0-9]-/) ? $1 : $1 " " $2 " " $3
                print time "\t" $0 }' | sed -nE "h; $source; x; s/\t.*//; G; s/(.*)\n(.*)/\2 \1/p" |
            awk '{ address = $1; $1 = ""; last[address] = $0 } END { for (a in last) print a last[a] }'
    )
}

system_journal() {
    has_program journalctl || return 0
    if [[ $1 == kernel ]]; then journalctl -kq -o short-iso; else journalctl -q -o short-iso -t postfix/smtpd; fi
}

# explain_seen TARGET TIME SINCE: a connection after the ban has a reason; name the likely one.
explain_seen() {
    local when
    when=$(date -d "${2/T/ }" +%s 2>/dev/null) || when=0
    if ((when <= $3)); then
        say "    last connection in the mail log: $2, before the ban"
        return
    fi
    say "    STILL SEEN in the mail log: $2. Why, most likely:"
    if [[ $answer != 'in place'* ]]; then
        say "      the rule is not in force: $answer"
    elif [[ ${has_session[$1]-} ]]; then
        say '      a session that was open before the ban goes on'
    elif iptables -t nat -S DOCKER 2>/dev/null | grep DNAT >/dev/null; then
        say '      Docker publishes ports past ufw: ban in the chain DOCKER-USER, or bind to 127.0.0.1'
    else
        say '      it came within the second in which the ban was set, or by a proxy or tunnel of yours'
    fi
}

parse_arguments() {
    mode=plan skip_refused=0 bulk='' confirm='' wait=0 token=''
    while (($#)); do
        case $1 in
            --plan | --apply | --undo | --status | --verify | --expire | --help) mode=${1#--} ;;
            -h) mode=help ;;
            --confirm)
                if [[ ${2-} =~ ^[0-9]{1,5}$ ]]; then confirm=$2 && shift; else mode=confirm; fi
                ;;
            --skip-refused) skip_refused=1 ;;
            --bulk) bulk=yes ;;
            --no-bulk) bulk=no ;;
            --allow)
                (($# > 1)) || wrong_usage '--allow needs an address or network'
                allowed+=("$2") && shift
                ;;
            --undo-unless-confirmed) mode=timer wait=$2 token=$3 && shift 2 ;;
            *) wrong_usage "there is no option '$1'" ;;
        esac
        shift
    done
    [[ -z $confirm || $mode == apply ]] || wrong_usage '--confirm N goes with --apply'
}

main() {
    parse_arguments "$@"
    [[ $mode != help ]] || { usage && exit; }
    fill_bit_tables
    [[ $mode == @(undo|timer|confirm) ]] || load_targets
    mark_in_hex=$(in_hex "$mark")
    case $mode in
        plan) look_around && show_plan ;;
        apply) apply ;;
        undo) undo ;;
        status) show_status ;;
        verify) verify ;;
        expire) expire ;;
        confirm) confirm ;;
        timer) undo_unless_confirmed ;;
    esac
}

main "$@"
