# Sourced by the other scripts here: tools that are not part of the project, kept in the user's cache so that a machine
# fetches them once, whatever clone it works in.

target_dir=$(realpath -m "${CARGO_TARGET_DIR:-target}")
ci_dir="${XDG_CACHE_HOME:-$HOME/.cache}/haravan-connect-ci"
export PATH="$ci_dir/cargo/bin:$PATH"
export PIP_DISABLE_PIP_VERSION_CHECK=1
# The SAM CLI reports on its users unless told not to.
export SAM_CLI_TELEMETRY=0

# A line that says what comes next and how long it has taken so far.
step() {
  printf '\n==> [%3d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

die() {
  printf 'FAILED: %s\n' "$*" >&2
  exit 1
}

# venv NAME PACKAGE...: a Python environment with exactly these packages, unless it is there already.
venv() {
  local name=$1 dir="$ci_dir/$1"
  shift
  if [ "$(cat "$dir/.packages" 2>/dev/null)" = "$*" ]; then return; fi
  step "python packages: $*"
  rm -rf "$dir"
  mkdir -p "$ci_dir"
  # Debian keeps what makes environments in a package of its own.
  if ! python3 -m venv "$dir" >/dev/null 2>&1; then
    rm -rf "$dir"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
    python3 -m venv "$dir"
  fi
  "$dir/bin/pip" install --quiet "$@"
  printf '%s\n' "$*" >"$dir/.packages"
}

# cargo_tool NAME VERSION: a cargo subcommand, unless one is on the path already.
cargo_tool() {
  if command -v "$1" >/dev/null; then return; fi
  step "$1 $2 (built once)"
  # From outside the workspace, whose .cargo/config.toml is not meant for it.
  local root="$ci_dir/cargo"
  (cd / && CARGO_TARGET_DIR="$root/target" cargo install --quiet --locked --root "$root" --version "$2" "$1")
  rm -rf "$root/target"
}

# Debian's Chromium and its driver, and axe-core's script at $axe_core, unless they are there.
axe_core="$ci_dir/axe-core/package/axe.min.js"
browser() {
  local missing=()
  if ! [ -x /usr/bin/chromium ] || ! [ -x /usr/bin/chromedriver ]; then missing+=(chromium chromium-driver); fi
  if ! [ -f "$axe_core" ] && ! command -v npm >/dev/null; then missing+=(npm); fi
  if [ ${#missing[@]} -gt 0 ]; then
    step "packages: ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  fi
  if ! [ -f "$axe_core" ]; then
    mkdir -p "$ci_dir/axe-core"
    (cd "$ci_dir/axe-core" && tar xzf "$(npm pack --silent axe-core@4.14.1)")
  fi
}

# Debian's nginx at $nginx: the one on the path, or unpacked without being installed, which would start a server.
nginx="$ci_dir/nginx/usr/sbin/nginx"
web_server() {
  if command -v nginx >/dev/null; then
    nginx=$(command -v nginx)
    return
  fi
  if [ -x "$nginx" ]; then return; fi
  step "packages: nginx"
  local unpacked
  unpacked=$(mktemp -d)
  apt-get update -qq
  (cd "$unpacked" && apt-get download -qq -o APT::Sandbox::User=root nginx && dpkg-deb -x nginx_*.deb root)
  mkdir -p "$ci_dir"
  rm -rf "$ci_dir/nginx"
  mv "$unpacked/root" "$ci_dir/nginx"
  rm -rf "$unpacked"
  command -v openssl >/dev/null || DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends openssl >/dev/null
}

# The emulator of AWS, and what it needs to read a template of SAM's.
ministack='ministack==1.5.33 aws-sam-translator==1.115.0'

# A port on loopback that was free a moment ago.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# dynamodb URL OPERATION JSON: one call, answered as JSON. Engines on this machine look for a signature, not at it.
dynamodb() {
  python3 - "$@" <<'PY'
import sys, urllib.request
url, operation, body = sys.argv[1:4]
request = urllib.request.Request(url, body.encode(), {
    "Content-Type": "application/x-amz-json-1.0",
    "X-Amz-Target": "DynamoDB_20120810." + operation,
    "X-Amz-Date": "20260101T000000Z",
    "Authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/ap-southeast-1/dynamodb/aws4_request, "
                     "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
})
try:
    print(urllib.request.urlopen(request, timeout=10).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(f"{operation}: {error.code} {error.read().decode()}")
except OSError as error:
    sys.exit(f"{operation}: {error}")
PY
}

# stop PID: ends a process group that was started with setsid, politely first.
stop() {
  kill -INT -- "-$1" 2>/dev/null || return 0
  for _ in $(seq 50); do
    kill -0 -- "-$1" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL -- "-$1" 2>/dev/null || true
}
