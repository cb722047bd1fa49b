// Reads a collection page by page with a signed-in fetch: by the Link header where there is one, else by count.
export async function users(get, root, size, filter) {
  const found = []
  let url = `${root}/users?limit=${size}&offset=0` + (filter ? `&filter=${encodeURIComponent(filter)}` : '')
  for (;;) {
    const answer = await get(url)
    if (answer.status !== 200) return { status: answer.status }
    const page = (await answer.json()).users
    found.push(...page.map((user) => user.sourcedId))
    const next = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')
    if (next) url = next[1]
    else if (answer.headers.has('link') || page.length === 0) return { users: found }
    else url = url.replace(/offset=\d+/, `offset=${found.length}`)
  }
}

export async function asked() {
  let text = ''
  for await (const part of process.stdin) text += part
  return JSON.parse(text)
}
