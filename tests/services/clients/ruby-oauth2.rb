# Debian's ruby-oauth2: a token by client credentials, in the header or in the form.
require 'json'
require 'oauth2'
require_relative 'pages'

job = JSON.parse($stdin.read)
way = { 'header' => :basic_auth, 'body' => :request_body }[job['method']]
client = OAuth2::Client.new(job['client_id'], job['client_secret'], site: job['root'], token_url: job['token_url'],
                            auth_scheme: way, raise_errors: true)
begin
  token = client.client_credentials.get_token(scope: job['scopes'].join(' '))
  puts JSON.generate(users(job) { |path| answer = token.get(job['root'] + path); [answer.status, answer.body] })
rescue OAuth2::Error => e
  puts JSON.generate('status' => e.response.status)
end
