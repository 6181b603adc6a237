"""Signs in, refreshes and signs out with the client that was generated for Python, and prints the answers as JSON."""

import json
import sys

import latchkey_client as latchkey

host, username, password = sys.argv[1:]


def client(token=None):
    return latchkey.ApiClient(latchkey.Configuration(host=host, access_token=token))


signed_in = latchkey.AuthApi(client()).login_auth_login_post(
    latchkey.LoginRequest(username=username, password=password)
)
grant = latchkey.RefreshByRefreshToken(refresh_token=signed_in.refresh_token)
refreshed = latchkey.AuthApi(client()).refresh_token_auth_refresh_post(latchkey.RefreshTokenRequest(grant))
auth = latchkey.AuthApi(client(refreshed.access_token))
me = auth.get_current_user_info_auth_me_get()
message = auth.logout_auth_logout_post().message
try:
    auth.get_current_user_info_auth_me_get()
    refused = None
except latchkey.ApiException as error:
    refused = {"status": error.status, "code": error.data.code}
page = latchkey.GuardsApi(client()).revocations()
print(
    json.dumps(
        {
            "username": me.username,
            "roles": me.roles,
            "expiresIn": refreshed.expires_in,
            "message": message,
            "refused": refused,
            "ended": len(page.revocations),
        }
    )
)
