# What the scripts beside this have in common: their command line, and going through the subgraphs. They define `usage`.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  printf '%s: %s\n' "${0##*/}" "$1" >&2
  exit 2
}

# need VARIABLE MEANING
need() {
  [ -n "${!1-}" ] || fail "$1 is not set: $2"
}

# Sets `action`, `subgraphs` (lines of name, file and URL) and `more`, the arguments for the CLI itself.
read_arguments() {
  local chosen=()
  action=${1-} more=()
  case $action in
    check | publish) shift ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
  esac
  while [ $# -gt 0 ]; do
    case $1 in
      --config | --without | --routing-url)
        [ $# -gt 1 ] || fail "$1 needs a value"
        chosen+=("$1=$2")
        shift 2
        ;;
      -h | --help) usage && exit 0 ;;
      --)
        shift
        more=("$@")
        break
        ;;
      *) fail "$1 is no option (--help lists them); what is for the CLI itself comes after --" ;;
    esac
  done
  # An empty array is unset to the bash of macOS.
  subgraphs=$("$here/subgraphs" "$action" ${chosen[@]+"${chosen[@]}"}) || exit 2
}

# each FUNCTION: calls it with name, file and URL of every subgraph. A refused check does not keep the others from being
# checked; what comes after a refused publication is not published.
each() {
  local name file url done='' refused=''
  while IFS=$'\t' read -r name file url; do
    printf -- '--- %s %s\n' "$action" "$name"
    if "$1" "$name" "$file" "$url" </dev/null; then
      done+=" $name"
      continue
    fi
    refused+=" $name"
    if [ "$action" = publish ]; then
      break
    fi
  done <<<"$subgraphs"
  if [ -n "$refused" ]; then
    printf '%s: %s refused:%s; done:%s\n' "${0##*/}" "$action" "$refused" "${done:- none}" >&2
    exit 1
  fi
}
