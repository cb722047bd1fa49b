# Debian's ruby-oauth: every request is signed, in the header or in the query.
require 'json'
require 'oauth'
require_relative 'pages'

job = JSON.parse($stdin.read)
consumer = OAuth::Consumer.new(job['client_id'], job['client_secret'], site: job['root'],
                               signature_method: 'HMAC-SHA1', scheme: job['method'].to_sym)
access = OAuth::AccessToken.new(consumer)
puts JSON.generate(users(job) { |path| answer = access.get(path); [answer.code.to_i, answer.body] })
