#!/bin/bash
#{{header}}
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

# The approved networks, one rule a line:
# network|action|tcp ports|last day|reviewer|approved on|evidence SHA-256|comment|reason
approved_rules() {
    cat <<'END_OF_RULES'
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

With --apply:
  --skip-refused    ban the others when some networks are refused
  --allow NET       never ban this address or network; repeat it, or list them in $allow_file
END
}

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
fail() {
    warn "ban.sh: $*"
    exit 1
}
wrong_usage() {
    warn "ban.sh: $* (--help lists the options)"
    exit 2
}

# ---- networks as prefix bits: two overlap when the bits of one begin with those of the other ----

declare -a byte_bits=()
declare -A nibble_bits=()

fill_bit_tables() {
    local number bit text
    for ((number = 0; number < 256; number++)); do
        text=
        for ((bit = 7; bit >= 0; bit--)); do text+=$((number >> bit & 1)); done
        byte_bits[number]=$text
        ((number > 15)) || printf -v bit %x "$number"
        ((number > 15)) || nibble_bits[$bit]=${text:4}
    done
}

# network_bits NETWORK: sets $bits to family and prefix in binary (4110101...), or to nothing.
network_bits() {
    local address=${1%%/*} length=''
    [[ $1 != */* ]] || length=${1#*/}
    bits=
    address=${address%%\%*}
    address=${address,,}
    if [[ $address == ::ffff:*.* && -z $length ]]; then address=${address#::ffff:}; fi
    if [[ $address == *:* ]]; then
        ipv6_bits "$address" "${length:-128}"
    else
        ipv4_bits "$address" "${length:-32}"
    fi
}

ipv4_bits() {
    local byte all='' form='^([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$'
    [[ $2 =~ ^[0-9]{1,2}$ && $1 =~ $form ]] && ((10#$2 <= 32)) || return 0
    for byte in "${BASH_REMATCH[@]:1}"; do
        ((10#$byte < 256)) || return 0
        all+=${byte_bits[10#$byte]}
    done
    bits=4${all:0:10#$2}
}

ipv6_bits() {
    local text=$1 colons missing='' group digit all=''
    [[ $text =~ ^[0-9a-f:]+$ && $2 =~ ^[0-9]{1,3}$ ]] && ((10#$2 <= 128)) || return 0
    if [[ $text == *::* ]]; then
        colons=${text//[!:]/}
        for ((group = ${#colons}; group < 8; group++)); do missing+=0:; done
        text=${text/::/:$missing}
        [[ $text != :* ]] || text=0$text
        [[ $text != *: ]] || text+=0
    fi
    [[ $text =~ ^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$ ]] || return 0
    text+=:
    while [[ $text ]]; do
        printf -v group %04x "0x${text%%:*}"
        for ((digit = 0; digit < 4; digit++)); do all+=${nibble_bits[${group:digit:1}]}; done
        text=${text#*:}
    done
    bits=6${all:0:10#$2}
}

is_overlapping() { [[ $1 == "$2"* || $2 == "$1"* ]]; }

# ---- what is to be banned -----------------------------------------------------------------------

declare -a targets=() target_bits=() target_action=() target_ports=() target_comment=()
declare -a target_why=() over=()
declare -A target_at=() target_lengths=()

load_targets() {
    local network action ports until reviewer day comment reason today
    today=$(date -u +%F)
    while IFS='|' read -r network action ports until reviewer day _ comment reason; do
        [[ $network && $network != \#* ]] || continue
        network_bits "$network"
        [[ $bits && $action =~ ^(deny|deny log|reject)$ && $ports =~ ^(-|[0-9]+(,[0-9]+)*)$ ]] ||
            fail "this file is damaged at '$network'. Write it again with mailforensics."
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
        target_comment+=("$comment")
        [[ $until == - ]] && until='for good' || until="until $until"
        target_why+=("$until, approved by $reviewer on $day: $reason")
    done < <(approved_rules)
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
    guards[$bits]="$1, $2"
    guard_lengths[${#bits}]=1
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

own_networks() { ip -o address show | awk '{ sub("/.*", "", $4); print $4 }'; }

bridge_networks() {
    local bridge
    ip -o link show type bridge | awk -F': ' '{ sub("@.*", "", $2); print $2 }' |
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
    command -v postconf >/dev/null || return 0
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
    } | awk '{ print $4 }' | sort -u | peer_addresses
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
            guards[${rule_bits[number]}]="the rule \`ufw ${rule_words[number]}\` lets it in; take that rule away first if the ban is meant"
            guard_lengths[${#rule_bits[number]}]=1
        fi
    done
}

# check_targets: fills ${refused[TARGET]} with what a target would hit.
check_targets() {
    local number length key
    for number in "${!targets[@]}"; do
        for length in "${!guard_lengths[@]}"; do
            key=${target_bits[number]:0:length}
            if ((${#key} == length)) && [[ ${guards[$key]-} ]]; then
                refused[$number]="lies in ${guards[$key]}"
            fi
        done
        if [[ ${target_bits[number]} == 6* && $ipv6 == off ]]; then
            refused[$number]='IPv6 is off in ufw (IPV6=no in /etc/default/ufw)'
        fi
    done
    for key in "${!guards[@]}"; do
        for length in "${!target_lengths[@]}"; do
            number=${target_at[${key:0:length}]-}
            ((${#key} < length)) || [[ -z $number ]] || refused[$number]="holds ${guards[$key]}"
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
    command -v ufw >/dev/null || fail 'ufw is not installed; this script works only with ufw.'
    version=$(ufw version | awk '{ print $2; exit }')
    [[ $version =~ ^([0-9]+)\.([0-9]+) ]] || fail "'ufw version' says nothing useful: $version"
    ((BASH_REMATCH[1] > 0 || 10#${BASH_REMATCH[2]} >= 36)) ||
        fail "ufw $version is too old; this script needs 0.36 or newer."
}

need_active_ufw() {
    [[ $(ufw status 2>/dev/null | head -n 1) != 'Status: active' ]] || return 0
    warn "ufw is inactive, so no rule would have an effect. This script never switches it on, since
that can lock you out. Do it yourself, in this order:
  1. sudo ufw allow 22/tcp   (or whatever port your sshd has: sudo sshd -T | grep ^port)
  2. sudo ufw allow 25/tcp   (and each other service that the world must reach)
  3. sudo ufw enable         (keep this session open, and try a second login before you leave it)"
    fail 'nothing was changed.'
}

need_sight_of_ssh() {
    command -v ss >/dev/null && command -v ip >/dev/null || ((${#allowed[@]})) ||
        fail "without ss and ip it cannot see who is logged in. Install iproute2, or name the
address you work from with --allow ADDRESS (more than one: repeat it). Nothing was changed."
}

take_lock() {
    install -d -m 700 "$state_root" || fail "$state_root cannot be made."
    exec 9>"$state_root/lock"
    flock -w "$1" 9 || fail 'another run is at work on this server; wait for it to end.'
}

look_around() {
    ipv6=off
    ! grep -qiE '^IPV6="?yes' /etc/default/ufw 2>/dev/null || ipv6=on
    mark_in_hex=$(in_hex "$mark")
    ((EUID)) || read_ufw_rules
    collect_protected 2>/dev/null
    check_targets
}

# ---- the journal: each step is written down before it is taken ----------------------------------

# open_journal: keeps the state before the first step, and this file for timers and cron.
open_journal() {
    local name
    install -d -m 700 "$state"
    if [[ ! -e $journal ]]; then
        rm -rf "$state/before"
        install -d -m 700 "$state/before.new"
        for name in ufw.conf user.rules user6.rules; do
            cp -p "/etc/ufw/$name" "$state/before.new/" || fail "cannot write to $state."
        done
        sync
        mv "$state/before.new" "$state/before"
        write_down begin "$(date +%s)"
    fi
    [[ $0 -ef $state/ban.sh ]] || { cp "$0" "$state/ban.sh.new" && mv "$state/ban.sh.new" "$state/ban.sh"; }
}

write_down() {
    local IFS='|'
    { printf '%s\n' "$*" >>"$journal" && sync "$journal"; } || fail "cannot write to $journal."
}

# read_journal: sets $entries, oldest first; a torn last line is a step that was never taken.
read_journal() {
    entries=()
    [[ ! -e $journal ]] || mapfile -t entries < <(grep -E '^(begin|add|take|bulk)\|' "$journal")
}

forget_journal() {
    rm -rf "$state.old"
    mv "$state" "$state.old" 2>/dev/null && sync && rm -rf "$state.old"
}

# ---- one ufw rule each --------------------------------------------------------------------------

apply_rules() {
    local number
    for ((number = ${#targets[@]} - 1; number >= 0; number--)); do
        [[ ${refused[$number]-} ]] || apply_rule "$number"
    done
}

# A rule that exists anywhere makes ufw say "Skipping" and do nothing: delete it, prepend, look.
apply_rule() {
    find_rule "$1"
    [[ $found != works ]] || return 0
    ufw_words "$1"
    [[ $found != useless ]] || take_away "$at"
    write_down add "$words" "${target_comment[$1]}"
    # shellcheck disable=SC2086 # the words are ours: action, network, ports
    ufw prepend $words comment "${target_comment[$1]}" >/dev/null
    ufw show added | grep -qxF "ufw $words comment '${target_comment[$1]}'" ||
        fail "ufw did not take the rule '$words'. --undo takes back what was done so far."
    read_ufw_rules
    find_rule "$1"
    [[ $found == works ]] || fail "'$words' is in ufw but has no effect below '$above'. See --undo."
    say "banned ${targets[$1]} (${target_why[$1]})"
    ((changes += 1))
}

# take_away RULE: deletes a rule that has no effect where it stands; --undo puts it back.
take_away() {
    is_ours "$1" || write_down take "${rule_words[$1]}" "$(from_hex "${rule_comment[$1]}")"
    is_ours "$1" || say "took away '${rule_words[$1]}': it had no effect below '$above'"
    # shellcheck disable=SC2086 # words that ufw itself wrote
    ufw delete ${rule_words[$1]} >/dev/null
}

has_words() {
    local number
    for number in "${!rule_words[@]}"; do
        [[ ${rule_words[number]} != "$1" ]] || { at=$number && return 0; }
    done
    return 1
}

undo_add() {
    has_words "$1" && is_ours "$at" || return 0
    # shellcheck disable=SC2086 # words that this script wrote into its journal
    ufw delete $1 >/dev/null
    read_ufw_rules
    ! has_words "$1" || ! is_ours "$at" || fail "ufw kept the rule '$1'; try --undo again."
    say "took back '$1'"
}

undo_take() {
    ! has_words "$1" || return 0
    if [[ $2 ]]; then set -- "$1" comment "$2"; else set -- "$1"; fi
    # shellcheck disable=SC2086 # words that ufw itself wrote
    ufw $1 "${@:2}" >/dev/null
    read_ufw_rules
    has_words "$1" || fail "ufw did not take back its rule '$1'; try --undo again."
    say "put back '$1'"
}

# undo_entries: undoes what the journal says, last first.
undo_entries() {
    local number kind words comment
    for ((number = ${#entries[@]} - 1; number >= 0; number--)); do
        IFS='|' read -r kind words comment <<<"${entries[number]}"
        case $kind in
            add) undo_add "$words" ;;
            take) undo_take "$words" "$comment" ;;
        esac
    done
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
        load_rules "${name#user}" <"/etc/ufw/$name.rules"
    done
}

# replace_file FILE: gives it a new content in one step; owner and mode stay.
replace_file() {
    local new="${1%/*}/.${1##*/}.mailforensics"
    { cp -p "$1" "$new" && cat >"$new" && sync "$new" && mv "$new" "$1"; } || fail "cannot write $1."
}

# load_rules FAMILY: reads rules for the kernel, as ufw does; FAMILY is 6 or nothing.
load_rules() { "ip${1}tables-restore" -n; }

# ---- the modes ----------------------------------------------------------------------------------

show_plan() {
    local number
    say "Case '$case_name': ${#targets[@]} networks to ban, ${#over[@]} bans that are over."
    say 'This is the plan; nothing is changed. --apply acts, --undo takes back.'
    for number in "${!targets[@]}"; do
        [[ -z ${refused[$number]-} ]] || continue
        ufw_words "$number"
        say "  ufw prepend $words"
        say "      ${target_why[number]}"
        ((EUID)) || show_plan_state "$number"
    done
    show_refused
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
    open_journal
    changes=0
    apply_rules
    say "$changes rules added; ${#targets[@]} networks approved, ${#refused[@]} refused."
}

undo() {
    need_root && need_ufw
    take_lock 600
    mark_in_hex=$(in_hex "$mark")
    read_ufw_rules
    read_journal
    ((${#entries[@]})) || say 'Nothing is written down for this case.'
    undo_entries
    restore_bytes
    forget_journal
    say 'Everything of this case is taken back.'
}

show_status() {
    local number line
    need_root && need_ufw
    look_around
    for number in "${!targets[@]}"; do
        find_rule "$number"
        line=${found/works/in place}
        [[ $found != useless ]] || line="no effect, below '$above'"
        [[ -z ${refused[$number]-} ]] || line+=" (refused: it ${refused[$number]})"
        say "${targets[number]}: $line"
    done
    for number in "${!over[@]}"; do say "${over[number]}: over"; done
}

parse_arguments() {
    mode=plan skip_refused=0
    while (($#)); do
        case $1 in
            --plan | --apply | --undo | --status | --help) mode=${1#--} ;;
            -h) mode=help ;;
            --skip-refused) skip_refused=1 ;;
            --allow)
                (($# > 1)) || wrong_usage '--allow needs an address or network'
                allowed+=("$2") && shift
                ;;
            *) wrong_usage "there is no option '$1'" ;;
        esac
        shift
    done
}

main() {
    parse_arguments "$@"
    fill_bit_tables
    load_targets
    case $mode in
        plan) look_around && show_plan ;;
        apply) apply ;;
        undo) undo ;;
        status) show_status ;;
        help) usage ;;
    esac
}

main "$@"
