"""Administers a user with the client that was generated for Python, and prints the answers as JSON."""

import json
import sys

import latchkey_client as latchkey

host, username, password = sys.argv[1:]


def client(token=None):
    return latchkey.ApiClient(latchkey.Configuration(host=host, access_token=token))


signed_in = latchkey.AuthApi(client()).login_auth_login_post(
    latchkey.LoginRequest(username=username, password=password)
)
admin = latchkey.AdministrationApi(client(signed_in.access_token))


def code_of(call):
    try:
        call()
        return None
    except latchkey.ApiException as error:
        return [error.status, json.loads(error.body)["code"]]


new_user = latchkey.AdminUserRequest(
    username="carol", email="carol@example.com", password="orange tractor sings", roles=["user", "editor"]
)
added = admin.admin_add_user(new_user, idempotency_key="carol in Python")
again = admin.admin_add_user(new_user, idempotency_key="carol in Python")
shown = admin.admin_show_user_with_http_info(added.id)
etag = shown.headers["ETag"]
change = latchkey.AdminUserChangeRequest(display_name="Carol")
changed = admin.admin_change_user(added.id, change, if_match=etag)
stale = code_of(lambda: admin.admin_change_user(added.id, change, if_match=etag))
found = admin.admin_list_users(search="CAR", limit="10")
disabled = admin.admin_disable_user(added.id)
removed = admin.admin_remove_user(added.id)
gone = code_of(lambda: admin.admin_show_user(added.id))
events = admin.admin_list_audit_events(user=added.id)
print(
    json.dumps(
        {
            "added": added.username,
            "repeated": again.id == added.id,
            "shown": shown.data.email,
            "changed": changed.display_name,
            "stale": stale,
            "found": [user.username for user in found.items],
            "disabled": disabled.active_status,
            "removed": removed.message,
            "gone": gone,
            "events": [event.name for event in events.items],
        }
    )
)
