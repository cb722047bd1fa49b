# Reads every user by count, as the OneRoster gems do: the next offset is what was received so far.
require 'erb'

def users(job)
  found = []
  loop do
    path = "/users?limit=#{job['size']}&offset=#{found.size}"
    path += "&filter=#{ERB::Util.url_encode(job['filter'])}" if job['filter']
    status, body = yield path
    return { 'status' => status } unless status == 200

    page = JSON.parse(body)['users']
    return { 'users' => found } if page.empty?

    found.concat(page.map { |user| user['sourcedId'] })
  end
end
