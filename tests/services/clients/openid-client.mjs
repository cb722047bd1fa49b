// npm openid-client: a strict reader of token answers; the token in the header or in the form.
import * as client from 'openid-client'
import { asked, users } from './pages.mjs'

const job = await asked()
const issuer = new URL(job.token_url).origin
const way = { header: client.ClientSecretBasic, body: client.ClientSecretPost }[job.method]
const known = new client.Configuration({ issuer, token_endpoint: job.token_url }, job.client_id, {}, way(job.client_secret))
client.allowInsecureRequests(known)
try {
  const token = await client.clientCredentialsGrant(known, { scope: job.scopes.join(' ') })
  const get = (url) => client.fetchProtectedResource(known, token.access_token, new URL(url), 'GET')
  console.log(JSON.stringify(await users(get, job.root, job.size, job.filter)))
} catch (error) {
  if (!(error.status >= 400)) throw error
  console.log(JSON.stringify({ status: error.status }))
}
