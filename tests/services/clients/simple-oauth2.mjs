// npm simple-oauth2: a token by client credentials, in the header or in the form.
import { ClientCredentials } from 'simple-oauth2'
import { asked, users } from './pages.mjs'

const job = await asked()
const at = new URL(job.token_url)
const grant = new ClientCredentials({
  client: { id: job.client_id, secret: job.client_secret },
  auth: { tokenHost: at.origin, tokenPath: at.pathname + at.search },
  options: { authorizationMethod: job.method },
})
try {
  const { token } = await grant.getToken({ scope: job.scopes })
  const get = (url) => fetch(url, { headers: { Authorization: `Bearer ${token.access_token}` } })
  console.log(JSON.stringify(await users(get, job.root, job.size, job.filter)))
} catch (error) {
  if (!error.output) throw error
  console.log(JSON.stringify({ status: error.output.statusCode }))
}
