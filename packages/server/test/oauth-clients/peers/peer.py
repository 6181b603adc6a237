"""A program on the Python SDK, in either major version.

Reads calls from standard input, one JSON object a line, and answers each on standard output.
"""

import asyncio
import json
import sys
import webbrowser
from importlib.metadata import version
from urllib.parse import parse_qs, urlsplit

from mcp.client.auth import OAuthClientProvider, TokenStorage
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

MAJOR = int(version("mcp").split(".")[0])


class Memory(TokenStorage):
    def __init__(self):
        self.tokens = None
        self.client_info = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client_info

    async def set_client_info(self, client_info):
        self.client_info = client_info


class Callback:
    """The redirect URI, on a port of its own."""

    def __init__(self):
        self.responses = asyncio.Queue()

    async def listen(self):
        server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/callback"
        return self

    async def answer(self, reader, writer):
        request_line = (await reader.readline()).decode()
        while (await reader.readline()).strip():
            pass
        body = b"You can close this page."
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        self.responses.put_nowait(parse_qs(urlsplit(request_line.split(" ")[1]).query))

    async def next(self):
        response = await self.responses.get()
        code, state, iss = (response.get(name, [None])[0] for name in ("code", "state", "iss"))
        if MAJOR == 1:
            return code, state
        from mcp.shared.auth import AuthorizationCodeResult

        return AuthorizationCodeResult(code=code, state=state, iss=iss)


async def open_browser(address):
    # A child of its own, because the browser's program may wait.
    await asyncio.to_thread(webbrowser.open, address)


def http_client(auth):
    if MAJOR == 1:
        import httpx

        return httpx.AsyncClient(auth=auth, follow_redirects=True, timeout=30)
    import httpx2

    return httpx2.AsyncClient(auth=auth, follow_redirects=True, timeout=30)


async def main(address, client_name, document_url=None):
    callback = await Callback().listen()
    provider = OAuthClientProvider(
        server_url=address,
        client_metadata=OAuthClientMetadata(client_name=client_name, redirect_uris=[callback.address]),
        storage=Memory(),
        redirect_handler=open_browser,
        callback_handler=callback.next,
        client_metadata_url=document_url,
    )
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with http_client(provider) as http:
        async with streamable_http_client(address, http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                print(json.dumps("connected"), flush=True)
                while line := await lines.readline():
                    print(json.dumps(await answer(session, json.loads(line))), flush=True)


async def answer(session, call):
    if "tool" not in call:
        return [tool.name for tool in (await session.list_tools()).tools]
    result = await session.call_tool(call["tool"], call["arguments"])
    return result.content[0].text


asyncio.run(main(*sys.argv[1:]))
