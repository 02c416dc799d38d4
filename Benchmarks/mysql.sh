#!/bin/sh
# Statements through app.mysql, by the bare C connector, by the same in an epoll loop and by Python's
# aiomysql, one connection each, in turns, against one MariaDB server; then requests of a route that does
# one select. Each client sends a statement, waits for its answer and reads every cell into values of its
# language, a text among them as a copy of its own, before it sends the next: what "per s" counts is the
# wall clock, the server's work included, which is the same for all.
#
#     Benchmarks/run mysql [STATEMENTS] [ROUNDS]      20000 and 5 unless said otherwise
#
# point: a select by key, its value escaped into the text. prepared: the same, prepared. rows: 1,000 rows.
# insert: one row. Columns: statements per second, per CPU-second of the client; then the first and the
# second as a ratio to the C connector of the same round, the middle of all rounds and [least-most].
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
count=${1:-20000}
rounds=${2:-5}
tools="$here/.build-tools"
for tool in cc mariadbd mariadb mariadb-install-db swift curl; do
  PATH="$PATH:/usr/sbin" command -v "$tool" >/dev/null || {
    echo "Benchmarks/run: \"$tool\" is not installed" >&2
    exit 1
  }
done
PATH="$PATH:/usr/sbin"
mkdir -p "$tools"
# shellcheck disable=SC2046
cc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$tools/mysql_connector" \
  "$here/load/mysql_connector.c" $(pkg-config --cflags --libs libmariadb) || {
  echo "Benchmarks/run: needs libmariadb-dev" >&2
  exit 1
}
cc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$tools/eggload" "$here/load/eggload.c"
for product in egg EggMySQLPlugin MySQLBench; do
  swift build --package-path "$root" -c release --product "$product" --quiet >&2
done
python="$tools/aiomysql"
[ -d "$python" ] || python3 -m pip install --quiet --target "$python" aiomysql >&2 || {
  rm -rf "$python"
  echo "Benchmarks/run: no aiomysql, it is left out: apt-get install python3-pip" >&2
}

folder=$(mktemp -d /tmp/egg-bench-XXXXXX)
server=
app=
stop() {
  for process in $app $server; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$folder"
}
trap stop EXIT
trap 'exit 1' INT TERM
user=$(id -un)
mariadb-install-db --no-defaults --datadir="$folder/data" --auth-root-authentication-method=normal \
  --skip-test-db --user="$user" >"$folder/install.log" 2>&1 || {
  cat "$folder/install.log" >&2
  exit 1
}
port=$((20000 + $$ % 20000))
mariadbd --no-defaults --datadir="$folder/data" --socket="$folder/s" --port=$port \
  --bind-address=127.0.0.1 --user="$user" --log-error="$folder/log" --skip-log-bin \
  --innodb-flush-log-at-trx-commit=0 --innodb-flush-method=nosync --skip-innodb-doublewrite \
  --performance-schema=off --skip-name-resolve &
server=$!
sql() { mariadb --no-defaults -uroot --socket="$folder/s" -N -e "$1"; }
until sql "select 1" >/dev/null 2>&1; do
  kill -0 "$server" || {
    cat "$folder/log" >&2
    exit 1
  }
  sleep 0.1
done
sql "create database bench character set utf8mb4; create user bench@'%' identified by 'bench';
  grant all on bench.* to bench@'%'; use bench;
  create table posts (id int primary key, title varchar(60) not null, hits int not null);
  create table notes (id int primary key auto_increment, title varchar(60), hits int);
  insert into posts select seq, concat('The title of post number ', seq), seq * 7 from seq_1_to_1000;"

MYSQL_BENCH_PORT=$port "$root/.build/release/egg" start "$here/mysql" --single --port 0 \
  --host 127.0.0.1 --env prod >"$folder/app.log" 2>&1 &
app=$!
until address=$(sed -n 's/.*started on \(http:\/\/[^ ]*:[0-9]*\).*/\1/p' "$folder/app.log") &&
  [ -n "$address" ]; do
  kill -0 "$app" || {
    cat "$folder/app.log" >&2
    exit 1
  }
  sleep 0.1
done

measure() { # measure CLIENT KIND STATEMENTS: rates, and what was read
  case $1 in
  egg) curl -sf "$address/run?kind=$2&count=$3" ;;
  c) "$tools/mysql_connector" "$port" "$2" "$3" ;;
  c-epoll) "$tools/mysql_connector" "$port" "$2" "$3" epoll ;;
  python) PYTHONPATH="$python" python3 "$here/peers/python-aiomysql.py" "$port" "$2" "$3" ;;
  esac
}

for kind in point prepared rows insert; do
  statements=$count
  [ "$kind" != rows ] || statements=$((count / 20))
  for round in $(seq "$rounds"); do
    for client in c c-epoll egg python; do
      [ "$client" != python ] || [ -d "$python" ] || continue
      case $kind-$client in prepared-c-epoll | prepared-python) continue ;; esac
      echo "$kind $client $round $(measure "$client" "$kind" "$statements")"
    done
  done
done >"$folder/rounds"
awk '
  function middle(list, n,    i, j, t) {
    for (i = 2; i <= n; i++)
      for (j = i; j > 1 && list[j] < list[j - 1]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
    return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
  }
  {
    if (!($1 in seen)) { seen[$1] = 1; kinds[++kindCount] = $1 }
    if ($2 == "c") { wall[$1, $3] = $4; cpu[$1, $3] = $5; sum[$1] = $6 }
    if ($6 != sum[$1]) { print $1 " " $2 " has read " $6 ", the C connector " sum[$1]; exit 1 }
    n = ++count[$1, $2]
    w[$1, $2, n] = $4; c[$1, $2, n] = $5
    rw[$1, $2, n] = $4 / wall[$1, $3]; rc[$1, $2, n] = $5 / cpu[$1, $3]
  }
  function column(table, kind, client,    i, n, list) {
    n = count[kind, client]
    for (i = 1; i <= n; i++) list[i] = table[kind, client, i]
    value = middle(list, n); least = list[1]; most = list[n]
    return value
  }
  END {
    printf "%-10s %-8s %10s %12s  %s\n", "kind", "client", "per s", "per CPU s", "of C per s [..]     of C per CPU s [..]"
    split("c c-epoll egg python", clients)
    for (k = 1; k <= kindCount; k++) for (i = 1; i <= 4; i++) {
      kind = kinds[k]; client = clients[i]
      if (!((kind, client) in count)) continue
      printf "%-10s %-8s %10d %12d", kind, client, column(w, kind, client), column(c, kind, client)
      printf "  %.2f [%.2f-%.2f]", column(rw, kind, client), least, most
      printf "  %.2f [%.2f-%.2f]\n", column(rc, kind, client), least, most
    }
  }' "$folder/rounds"

echo
echo "requests of a route that does one select, 64 connections:"
for round in $(seq "$rounds"); do
  "$tools/eggload" --port "${address##*:}" --path /post/7 --connections 64 --seconds 5 | tail -1
done
