// npm oauth-1.0a: every request is signed.
import crypto from 'node:crypto'
import OAuth from 'oauth-1.0a'
import { asked, users } from './pages.mjs'

const job = await asked()
const hash = { 'HMAC-SHA1': 'sha1', 'HMAC-SHA256': 'sha256' }[job.method]
const oauth = OAuth({
  consumer: { key: job.client_id, secret: job.client_secret },
  signature_method: job.method,
  hash_function: (text, key) => crypto.createHmac(hash, key).update(text).digest('base64'),
})
const get = (url) => fetch(url, { headers: oauth.toHeader(oauth.authorize({ url, method: 'GET' })) })
console.log(JSON.stringify(await users(get, job.root, job.size, job.filter)))
