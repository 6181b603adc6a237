"""Sign-in as in FastAPI's tutorial (OAuth2 with password, JWT by PyJWT, pwdlib with Argon2), with the parts that the
tutorial leaves to the reader: a database, and refresh tokens that rotate."""

import hashlib
import os
import secrets
import sqlite3
import threading
from datetime import datetime, timedelta, timezone
from typing import Annotated

import jwt
from fastapi import Depends, FastAPI, Form, HTTPException, status
from fastapi.security import OAuth2PasswordBearer, OAuth2PasswordRequestForm
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SECRET_KEY = "only for measuring, and the same everywhere"
ALGORITHM = "HS256"
ACCESS_TOKEN_LIFE = timedelta(hours=1)

# Our parameters, or those that pwdlib recommends.
hasher = (
    Argon2Hasher(memory_cost=19456, time_cost=2, parallelism=1)
    if os.environ.get("OURS")
    else Argon2Hasher()
)
password_hash = PasswordHash((hasher,))

database = sqlite3.connect("fastapi.db", check_same_thread=False, isolation_level=None)
database.execute("pragma journal_mode = wal")
database.execute("pragma synchronous = full")
database.executescript(
    """
    create table if not exists users (username text primary key, email text, hash text) strict;
    create table if not exists refresh_tokens (
      hash blob primary key, username text not null, expires_at integer not null
    ) strict, without rowid;
    """
)
lock = threading.Lock()

DUMMY_HASH = password_hash.hash("dummypassword")
if database.execute("select count(*) from users").fetchone() == (0,):
    same = password_hash.hash("correct horse battery staple")
    for number in range(64):
        database.execute(
            "insert into users values (?, ?, ?)",
            (f"person{number}", f"person{number}@example.com", same),
        )

app = FastAPI()
oauth2_scheme = OAuth2PasswordBearer(tokenUrl="token")


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def tokens_for(username: str, old: str | None = None) -> dict[str, str]:
    now = datetime.now(timezone.utc)
    refresh = secrets.token_urlsafe(32)
    with lock:
        database.execute("begin immediate")
        if old is not None:
            database.execute("delete from refresh_tokens where hash = ?", (digest(old),))
        expires = int((now + timedelta(days=30)).timestamp())
        database.execute("insert into refresh_tokens values (?, ?, ?)", (digest(refresh), username, expires))
        database.execute("commit")
    access = jwt.encode({"sub": username, "exp": now + ACCESS_TOKEN_LIFE}, SECRET_KEY, algorithm=ALGORITHM)
    return {"access_token": access, "refresh_token": refresh, "token_type": "bearer"}


def current_user(token: Annotated[str, Depends(oauth2_scheme)]) -> dict[str, str]:
    refused = HTTPException(status.HTTP_401_UNAUTHORIZED, "Could not validate credentials")
    try:
        username = jwt.decode(token, SECRET_KEY, algorithms=[ALGORITHM])["sub"]
    except jwt.InvalidTokenError:
        raise refused
    with lock:
        row = database.execute("select username, email from users where username = ?", (username,)).fetchone()
    if row is None:
        raise refused
    return {"username": row[0], "email": row[1]}


@app.post("/token")
def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> dict[str, str]:
    with lock:
        row = database.execute("select hash from users where username = ?", (form.username,)).fetchone()
    if not password_hash.verify(form.password, DUMMY_HASH if row is None else row[0]) or row is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Incorrect username or password")
    return tokens_for(form.username)


@app.post("/refresh")
def refresh(refresh_token: Annotated[str, Form()]) -> dict[str, str]:
    with lock:
        row = database.execute(
            "select username from refresh_tokens where hash = ? and expires_at > unixepoch()",
            (digest(refresh_token),),
        ).fetchone()
    if row is None:
        raise HTTPException(status.HTTP_401_UNAUTHORIZED, "Could not validate credentials")
    return tokens_for(row[0], refresh_token)


@app.get("/users/me")
def me(user: Annotated[dict[str, str], Depends(current_user)]) -> dict[str, str]:
    return user
