#!/usr/bin/env bash
# What support staff type: a token with curl, then page after page by the Link header.
set -euo pipefail
job=$(cat)
of() { python3 -c 'import json,sys; found = json.loads(sys.argv[1])[sys.argv[2]]; print(" ".join(found) if isinstance(found, list) else found or "")' "$job" "$1"; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
status=$(curl -s -o "$folder/token" -w '%{http_code}' -u "$(of client_id):$(of client_secret)" \
  -d grant_type=client_credentials --data-urlencode "scope=$(of scopes)" "$(of token_url)")
[ "$status" = 200 ] || { echo "{\"status\": $status}"; exit 0; }
token=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["access_token"])' "$folder/token")
filter=$(of filter)
next="$(of root)/users?limit=$(of size)&offset=0"
number=0
while [ -n "$next" ]; do
  more=()
  [ -z "$filter" ] || [ "$number" -gt 0 ] || more=(-G --data-urlencode "filter=$filter")
  curl -sSf "${more[@]}" -D "$folder/headers" -o "$folder/page-$((number += 1))" -H "Authorization: Bearer $token" "$next"
  next=$(grep -i '^link:' "$folder/headers" | grep -o '<[^>]*>; rel="next"' | sed 's/<\(.*\)>.*/\1/' || true)
done
python3 - "$folder" <<'PY'
import json, pathlib, sys
pages = sorted(pathlib.Path(sys.argv[1]).glob("page-*"), key=lambda path: int(path.name[5:]))
print(json.dumps({"users": [user["sourcedId"] for page in pages for user in json.loads(page.read_text("utf-8"))["users"]]}))
PY
