# shellcheck shell=sh
# What ./dev stands on: OS packages, processes that are remembered by DIR, and the private PostgreSQL and Redis. Sourced, never run.

# Progress goes to stderr, so that `bench --json` prints JSON and nothing else.
say() { printf '%s\n' "$*" >&2; }
die() { say "dev: $*"; exit 1; }
step() { step_end; step_name=$1 step_from=$(date +%s); say "==> $1"; }
step_end() { [ -z "${step_name:-}" ] || say "    $step_name: $(($(date +%s) - step_from)) s"; step_name=; }
secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }

# ---- packages

pg_find() {
    PG_BIN=
    for tool in $(find /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -rV) "$(command -v initdb || :)"; do
        if [ -x "$tool" ] && [ -x "${tool%/*}/postgres" ]; then PG_BIN=${tool%/*}; break; fi
    done
    [ -n "$PG_BIN" ] || return 1
    major=$("$PG_BIN/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    [ "$major" -ge 15 ] || die "PostgreSQL 15 or newer is needed, and $PG_BIN holds $major."
}

install_packages() {
    root=; [ "$(id -u)" = 0 ] || root="sudo -n"
    say "    apt-get install $*"
    # Debian's packages make and start servers of their own, which would take the standard ports and outlive `down`.
    $root sh -seu -- "$@" >&2 <<'ROOT'
conf=/etc/postgresql-common/createcluster.conf policy=/usr/sbin/policy-rc.d saved=
mkdir -p /etc/postgresql-common
[ -e $conf ] || echo 'create_main_cluster = false' >$conf
if [ -e $policy ]; then saved=$(mktemp $policy.XXXXXX); mv $policy "$saved"; fi
trap 'rm -f $policy; [ -z "$saved" ] || mv "$saved" $policy' EXIT
trap 'exit 130' INT TERM HUP
printf '#!/bin/sh\nexit 101\n' >$policy
chmod 755 $policy
export DEBIAN_FRONTEND=noninteractive UCF_FORCE_CONFFOLD=1
apt-get update -qq </dev/null
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-confold "$@" </dev/null
ROOT
}

# Arguments: what of compiler, postgres, redis, node, python and wrk is wanted.
packages() {
    needed='' wished=''
    for want in "$@"; do
        case $want in
        compiler)
            PATH=$PATH:$HOME/.cargo/bin
            command -v cargo >/dev/null || die "Rust is missing: install the stable toolchain with rustup, then run this again."
            echo 'int main(void) { return 0; }' | cc -x c -o /dev/null - 2>/dev/null || needed="$needed gcc libc6-dev" ;;
        postgres) pg_find || needed="$needed postgresql" ;;
        redis) command -v redis-server >/dev/null || wished=redis-server ;;
        # The client that app teams start from is compiled and run by the tests.
        node) { command -v node && command -v npm; } >/dev/null || needed="$needed nodejs npm" ;;
        # The calculators are held to a second implementation in it.
        python) command -v python3 >/dev/null || needed="$needed python3" ;;
        wrk) command -v wrk >/dev/null || needed="$needed wrk" ;;
        esac
    done
    [ -n "$needed$wished" ] || return 0
    may=; command -v apt-get >/dev/null && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; } && may=yes
    if [ -n "$needed" ]; then
        [ -n "$may" ] || die "these packages are missing, and installing them needs root:
    sudo apt-get install --no-install-recommends$needed${wished:+   # and, if you like, $wished}
Debian starts a PostgreSQL of its own when it installs one; this script neither needs nor touches it."
        # shellcheck disable=SC2086 # a list of words
        install_packages $needed || die "installing$needed failed."
        case $needed in *postgresql*) pg_find || die "PostgreSQL was installed, yet initdb is nowhere to be found." ;; esac
    fi
    [ -z "$wished" ] || { [ -n "$may" ] && install_packages $wished; } || say "    no Redis here: going on without it"
}

# ---- processes: DIR/run/NAME holds "pid start-time boot", so that a reused pid or a reboot cannot be mistaken for ours

ident() {
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    # The program's name may hold spaces and brackets; a zombie of a container without init is dead for us.
    # shellcheck disable=SC2086
    set -- "$1" ${stat##*) }
    case $2 in Z | X) return 1 ;; esac
    echo "$1 ${21} $(cat /proc/sys/kernel/random/boot_id)"
}
alive() {
    [ -s "$DIR/run/$1" ] || return 1
    read -r pid rest <"$DIR/run/$1" && [ "$(ident "$pid")" = "$pid $rest" ]
}
# spawn NAME COMMAND…: in a session of its own, so that Ctrl-C reaches this script alone and it stops things in order.
spawn() {
    name=$1; shift
    if [ -e "$DIR/log/$name.log" ]; then mv -f "$DIR/log/$name.log" "$DIR/log/$name.log.1"; fi
    (cd / && exec setsid "$@" >"$DIR/log/$name.log" 2>&1 </dev/null 3>&- 9>&-) &
    spawned=$!
    ident $spawned >"$DIR/run/$name" || :
}
stop() {
    if alive "$1"; then
        kill "-$2" "$pid"
        tries=0
        while alive "$1"; do
            tries=$((tries + 1))
            [ $tries -ne 600 ] || { say "    $1 does not stop: $3"; kill "-$3" "$pid"; }
            [ $tries -lt 900 ] || die "$1 (pid $pid) does not stop."
            sleep 0.1
        done
    fi
    rm -f "$DIR/run/$1"
}
stop_all() {
    stop unionhall TERM KILL
    stop redis TERM KILL
    stop postgres INT QUIT
    [ ! -s "$DIR/run/socket" ] || rm -rf "$(cat "$DIR/run/socket")"
    rm -f "$DIR/run/socket" "$DIR/run/env"
}
# until_ready NAME SECONDS COMMAND…
until_ready() {
    name=$1 deadline=$(($(date +%s) + $2)); shift 2
    until "$@" >/dev/null 2>&1; do
        if ! alive "$name" || [ "$(date +%s)" -ge $deadline ]; then
            tail -n 20 "$DIR/log/$name.log" >&2
            die "$name did not become ready; its log is $DIR/log/$name.log"
        fi
        sleep 0.1
    done
}
# Read from the kernel, since no client for TCP is sure to be installed.
listening() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q "^ *[0-9]*: [0-9A-F]*:$(printf %04X "$1") [0-9A-F:]* 0A "; }
free_port() {
    candidate=$1
    while listening "$candidate"; do candidate=$((candidate + 1)); done
    echo "$candidate"
}
hash() { printf %s "$DIR" | sha256sum | cut -c1-12; }
# Below the range the kernel gives to outgoing connections, and apart for each DIR.
own_port() { free_port $((20000 + 0x$(hash | cut -c1-6) % 6000 * 2 + $1)); }

enter() {
    mkdir -p "$1"
    DIR=$(cd "$1" && pwd -P)
    chmod 700 "$DIR"
    mkdir -p "$DIR/run" "$DIR/log"
    exec 9>"$DIR/run/lock"
    flock -w 120 9 || die "another ./dev is at work in $DIR."
}

# ---- servers

# PostgreSQL refuses root. In a user namespace it sees itself as postgres while the files stay root's, also below a 0700 home;
# where namespaces are off it is given a folder of its own that the user postgres can reach.
pg_place() {
    PG_RUNAS='' PG_HOME=$DIR
    [ "$(id -u)" = 0 ] || return 0
    PG_RUNAS="unshare --user --map-user=postgres --map-group=postgres"
    if [ -n "${UNIONHALL_NO_USERNS:-}" ] || ! $PG_RUNAS true 2>/dev/null; then
        PG_RUNAS="setpriv --reuid=postgres --regid=postgres --init-groups"
        PG_HOME=/var/lib/unionhall-$(hash)
        mkdir -p "$PG_HOME"
        chmod 700 "$PG_HOME"
        chown postgres: "$PG_HOME"
    fi
}
pg_wipe() { pg_place; rm -rf "$PG_HOME/pg" "$PG_HOME/pg.new"; [ "$PG_HOME" = "$DIR" ] || rm -rf "$PG_HOME"; rm -f "$DIR/secret"; }

# postgres_up AUTH OPTIONS…: sets PG_PORT, PG_SOCKET, PG_SECRET (the superuser's password).
postgres_up() {
    auth=$1; shift
    pg_place
    if ! alive postgres; then
        if [ ! -e "$PG_HOME/pg/PG_VERSION" ]; then
            rm -rf "$PG_HOME/pg.new"
            secret >"$DIR/secret"
            # The user postgres must read the password, and moving the finished folder makes an interrupted initdb harmless.
            cp "$DIR/secret" "$PG_HOME/pw"
            [ "$PG_HOME" = "$DIR" ] || chown postgres: "$PG_HOME/pw"
            (cd "$PG_HOME" && $PG_RUNAS "$PG_BIN/initdb" -D "$PG_HOME/pg.new" -U postgres --pwfile="$PG_HOME/pw" --auth="$auth" \
                --locale=C.UTF-8 --encoding=UTF8 --no-instructions) >"$DIR/log/initdb.log" 2>&1 ||
                { cat "$DIR/log/initdb.log" >&2; die "initdb failed."; }
            rm "$PG_HOME/pw"
            mv "$PG_HOME/pg.new" "$PG_HOME/pg"
        fi
        # PostgreSQL takes any live process with the pid in its lock file for itself. Nobody stands in the folder: the file is stale.
        for cwd in /proc/[0-9]*/cwd; do
            [ "$(readlink "$cwd" 2>/dev/null)" != "$PG_HOME/pg" ] || die "a PostgreSQL that ./dev does not know runs in $PG_HOME/pg (pid $(basename "${cwd%/cwd}"))."
        done
        rm -f "$PG_HOME/pg/postmaster.pid"
        # A socket's path may not exceed 107 bytes, and DIR may be long.
        socket=$(mktemp -d /tmp/uh-XXXXXX)
        echo "$socket" >"$DIR/run/socket"
        [ "$PG_HOME" = "$DIR" ] || chown postgres: "$socket"
        if [ ! -s "$DIR/pg.port" ] || listening "$(cat "$DIR/pg.port")"; then own_port 0 >"$DIR/pg.port"; fi
        # shellcheck disable=SC2086 # a prefix of several words, or none
        spawn postgres $PG_RUNAS "$PG_BIN/postgres" -D "$PG_HOME/pg" -p "$(cat "$DIR/pg.port")" -k "$socket" \
            -c listen_addresses=127.0.0.1 -c timezone=UTC -c log_timezone=UTC "$@"
    fi
    PG_PORT=$(cat "$DIR/pg.port") PG_SOCKET=$(cat "$DIR/run/socket") PG_SECRET=$(cat "$DIR/secret")
    until_ready postgres 120 "$PG_BIN/pg_isready" -q -h "$PG_SOCKET" -p "$PG_PORT"
    export UNIONHALL_PG_BIN="$PG_BIN" UNIONHALL_PG_RUNAS="$PG_RUNAS"
}
psql_do() { PGPASSWORD=$PG_SECRET "$PG_BIN/psql" -X -qAt -v ON_ERROR_STOP=1 -h "$PG_SOCKET" -p "$PG_PORT" -U postgres -d postgres "$@"; }

redis_answers() { echo ping | REDISCLI_AUTH=$(cat "$DIR/secret") redis-cli -p "$redis_port" | grep -q PONG; }
# redis_up: sets PRIVATE_REDIS_URL, to nothing where there is no Redis.
redis_up() {
    PRIVATE_REDIS_URL=
    command -v redis-server >/dev/null || return 0
    if ! alive redis; then
        own_port 1 >"$DIR/redis.port"
        printf '%s\n' "bind 127.0.0.1" "port $(cat "$DIR/redis.port")" "requirepass $(cat "$DIR/secret")" 'save ""' "appendonly no" \
            "dir \"$DIR/run\"" >"$DIR/redis.conf"
        chmod 600 "$DIR/redis.conf"
        spawn redis redis-server "$DIR/redis.conf"
    fi
    redis_port=$(cat "$DIR/redis.port")
    until_ready redis 20 redis_answers
    # shellcheck disable=SC2034 # the caller reads it
    PRIVATE_REDIS_URL=redis://:$(cat "$DIR/secret")@127.0.0.1:$redis_port/
}
