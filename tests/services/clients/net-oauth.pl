# Debian's libnet-oauth-perl: every request is signed in the header.
use strict;
use warnings;
use JSON::PP;
use LWP::UserAgent;
use Net::OAuth;
use URI::Escape;

my $job = decode_json(do { local $/; <STDIN> });
my $agent = LWP::UserAgent->new;
my @found;
while (1) {
    my $url = "$job->{root}/users?limit=$job->{size}&offset=" . @found;
    $url .= '&filter=' . uri_escape($job->{filter}) if $job->{filter};
    my $request = Net::OAuth->request('consumer')->new(
        consumer_key => $job->{client_id}, consumer_secret => $job->{client_secret}, request_url => $url,
        request_method => 'GET', signature_method => $job->{method}, timestamp => time, nonce => int(rand(2**31)),
    );
    $request->sign;
    my $answer = $agent->get($url, Authorization => $request->to_authorization_header);
    if ($answer->code != 200) { print encode_json({ status => $answer->code + 0 }); last }
    my @page = @{ decode_json($answer->content)->{users} };
    if (!@page) { print encode_json({ users => \@found }); last }
    push @found, map { $_->{sourcedId} } @page;
}
