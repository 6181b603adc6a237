"""Calls each operation of the administration and of the own account with the client that was generated for Python.

Prints the operations that were answered with a success, and those that were not, as JSON.
"""

import json
import re
import sys
import time
import urllib.request

import latchkey_client as latchkey

host, username, password = sys.argv[1:]
called, refused = [], []


class Recorded:
    """An API of the client that takes note of each call."""

    def __init__(self, api):
        self.api = api

    def __getattr__(self, name):
        call = getattr(self.api, name)

        def recorded(*given, **named):
            try:
                answer = call(*given, **named)
            except latchkey.ApiException as error:
                refused.append(f"{name}: {error.status} {error.body}")
                return None
            called.append(name)
            return answer

        return recorded


class Client:
    """The APIs with one token."""

    def __init__(self, token=None):
        client = latchkey.ApiClient(latchkey.Configuration(host=host, access_token=token))
        self.auth = Recorded(latchkey.AuthApi(client))
        self.account = Recorded(latchkey.AccountApi(client))
        self.administration = Recorded(latchkey.AdministrationApi(client))


anonymous = Client()


def login(name, word):
    return anonymous.auth.login_auth_login_post(latchkey.LoginRequest(username=name, password=word))


def signed_in(name, word):
    return Client(login(name, word).access_token)


seen = set()


def link_to(page):
    """The token of the next link to a page in the mailbox of the server."""
    while True:
        mailbox = urllib.request.urlopen(f"{host}/mailbox").read().decode()
        for token in re.findall(rf"account/{page}\?link=(lkl_[\w-]+)", mailbox):
            if token not in seen:
                seen.add(token)
                return token
        time.sleep(0.05)


admin = signed_in(username, password).administration
first, second, third, fourth = (
    "orange tractor sings",
    "blue ladder in the rain",
    "green kettle walks",
    "a yellow boat sails",
)

# Users.
user = admin.admin_add_user(
    latchkey.AdminUserRequest(username="erin", email="erin@example.com", password=first)
)
admin.admin_list_users(search="er")
admin.admin_show_user(user.id)
admin.admin_change_user(user.id, latchkey.AdminUserChangeRequest(display_name="Erin"))
admin.admin_set_password(user.id, latchkey.AdminPasswordRequest(password=second))
admin.admin_disable_user(user.id)
admin.admin_enable_user(user.id)
admin.admin_unlock_user(user.id)
admin.admin_reset_password(user.id)

# The own account.
anonymous.account.reset_password_auth_password_reset_post(
    latchkey.PasswordResetRequest(link=link_to("reset"), new_password=third)
)
own = signed_in("erin", third).account
own.send_verification_auth_email_verify_post()
anonymous.account.confirm_email_auth_email_confirm_post(latchkey.LinkRequest(link=link_to("confirm")))
own.change_password_auth_password_post(
    latchkey.PasswordChangeRequest(current_password=third, new_password=fourth)
)
own.change_email_auth_email_post(
    latchkey.EmailChangeRequest(current_password=fourth, email="erin@example.org")
)
anonymous.account.forgot_password_auth_password_forgot_post(latchkey.ForgottenPasswordRequest(username="erin"))
login("erin", fourth)
sessions = own.list_sessions_auth_sessions_get().sessions
own.end_session_auth_sessions_id_delete(next(one.id for one in sessions if not one.current))
own.end_sessions_auth_sessions_delete(keep_current="true")
anonymous.account.sign_up_auth_sign_up_post(latchkey.SignUpRequest(email="finn@example.com"))
finn = anonymous.account.join_auth_join_post(
    latchkey.JoinRequest(link=link_to("join"), username="finn", password=first)
)
invitation = admin.admin_invite(latchkey.AdminInvitationRequest(email="gail@example.org"))
assert [one.id for one in admin.admin_list_invitations().items] == [invitation.id]
admin.admin_withdraw_invitation(invitation.id)

# Sessions.
login("erin", fourth)
session = admin.admin_list_user_sessions(user.id).items[0].id
admin.admin_list_sessions(user=user.id)
admin.admin_show_session(session)
admin.admin_end_session(session)
admin.admin_end_user_sessions(user.id)

# Clients, resources and keys.
robot = admin.admin_add_client(
    latchkey.AdminClientRequest(name="Robot", authentication="secret", machine=True)
).id
admin.admin_list_clients()
admin.admin_show_client(robot)
admin.admin_replace_client_secret(robot)
admin.admin_block_client(robot)
admin.admin_unblock_client(robot)
admin.admin_remove_client(robot)
notes = "https://notes.example.com/mcp"
admin.admin_put_resource(notes, latchkey.AdminResourceRequest(scopes=["notes:read"]))
admin.admin_list_resources()
admin.admin_show_resource(notes)
admin.admin_remove_resource(notes)
admin.admin_list_keys()
admin.admin_rotate_keys(latchkey.AdminKeyRotationRequest(force=True))

# The session of a login.
grant = latchkey.RefreshByRefreshToken(refresh_token=login("erin", fourth).refresh_token)
refreshed = anonymous.auth.refresh_token_auth_refresh_post(latchkey.RefreshTokenRequest(grant))
current = Client(refreshed.access_token).auth
current.get_current_user_info_auth_me_get()
current.logout_auth_logout_post()

# The end of the users, and the trail of it all.
admin.admin_export_user(user.id)
admin.admin_remove_user(user.id)
admin.admin_erase_user(finn.id)
admin.admin_list_audit_events(event="user.removed,user.erased")

print(json.dumps({"called": called, "refused": refused}))
