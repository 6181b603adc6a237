import { expect } from "vitest";

/** A client as it describes itself: by a document at its id, or in a registration. */
export interface KnownClient {
  readonly name: string;
  readonly by: "document" | "registration";
  /** The document as its host publishes it, or the body of the registration. */
  readonly sent: Readonly<Record<string, unknown>>;
  /** Redirect URIs that its requests use. */
  readonly uses: readonly string[];
  readonly credentials: readonly unknown[];
}

const none = [{ kind: "none" }];
const deviceCode = "urn:ietf:params:oauth:grant-type:device_code";

/** Well-known clients of MCP servers, as they are in autumn 2026. */
export const knownClients: readonly KnownClient[] = [
  {
    name: "Claude",
    by: "document",
    sent: {
      client_id: "https://claude.ai/oauth/mcp-oauth-client-metadata",
      client_name: "Claude",
      client_uri: "https://claude.ai",
      redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:jwt-bearer"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    uses: ["https://claude.ai/api/mcp/auth_callback"],
    credentials: none,
  },
  {
    name: "Claude Code",
    by: "document",
    sent: {
      client_id: "https://claude.ai/oauth/claude-code-client-metadata",
      client_name: "Claude Code",
      client_uri: "https://claude.ai",
      redirect_uris: ["http://localhost/callback", "http://127.0.0.1/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    uses: ["http://localhost:52163/callback", "http://127.0.0.1:52163/callback", "http://localhost/callback"],
    credentials: none,
  },
  {
    name: "ChatGPT",
    by: "document",
    sent: {
      client_id: "https://chatgpt.com/oauth/client.json",
      client_uri: "https://chatgpt.com/",
      redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"],
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_methods_supported: ["none", "private_key_jwt"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      client_name: "ChatGPT",
      logo_uri: "https://persistent.oaistatic.com/sonic/misc/openai-logo.png",
      token_endpoint_auth_signing_alg: "RS256",
      jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    },
    uses: ["https://chatgpt.com/connector_platform_oauth_redirect"],
    credentials: [...none, { kind: "key_address", url: "https://chatgpt.com/oauth/jwks.json" }],
  },
  {
    name: "ChatGPT",
    by: "document",
    sent: {
      client_id: "https://chatgpt.com/oauth/kDmjx77UnKOM/client.json",
      client_uri: "https://chatgpt.com/",
      redirect_uris: ["https://chatgpt.com/connector/oauth/kDmjx77UnKOM"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      client_name: "ChatGPT",
      token_endpoint_auth_method: "private_key_jwt",
      token_endpoint_auth_signing_alg: "RS256",
      jwks_uri: "https://chatgpt.com/oauth/jwks.json",
    },
    uses: ["https://chatgpt.com/connector/oauth/kDmjx77UnKOM"],
    credentials: [{ kind: "key_address", url: "https://chatgpt.com/oauth/jwks.json" }],
  },
  {
    name: "Codex",
    by: "document",
    sent: {
      client_id: "https://chatgpt.com/oauth/codex/client.json",
      client_name: "Codex",
      application_type: "native",
      redirect_uris: ["http://127.0.0.1/callback", "http://localhost/callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    uses: ["http://127.0.0.1:41239/callback"],
    credentials: none,
  },
  {
    name: "Visual Studio Code",
    by: "document",
    sent: {
      client_name: "Visual Studio Code",
      logo_uri: "https://code.visualstudio.com/assets/branding/code-stable.png",
      grant_types: ["authorization_code", "refresh_token", deviceCode],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
      application_type: "native",
      client_id: "https://vscode.dev/oauth/client-metadata.json",
      client_uri: "https://vscode.dev/product",
      redirect_uris: ["http://127.0.0.1:33418/", "https://vscode.dev/redirect"],
    },
    uses: ["http://127.0.0.1:33418/", "http://127.0.0.1:51004/", "https://vscode.dev/redirect"],
    credentials: none,
  },
  {
    name: "Visual Studio Code",
    by: "registration",
    sent: {
      client_name: "Visual Studio Code",
      client_uri: "https://code.visualstudio.com",
      grant_types: ["authorization_code", "refresh_token", deviceCode],
      response_types: ["code"],
      redirect_uris: [
        "https://insiders.vscode.dev/redirect",
        "https://vscode.dev/redirect",
        "http://127.0.0.1/",
        "http://127.0.0.1:33418/",
      ],
      token_endpoint_auth_method: "none",
      application_type: "native",
    },
    uses: ["http://127.0.0.1:33418/", "http://127.0.0.1:51004/", "https://vscode.dev/redirect"],
    credentials: none,
  },
  {
    name: "Cursor",
    by: "registration",
    sent: {
      client_name: "Cursor",
      client_uri: "https://cursor.com",
      redirect_uris: [
        "http://localhost:8787/callback",
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "https://www.cursor.com/agents/mcp/oauth/callback",
      ],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    },
    uses: [
      "http://localhost:8787/callback",
      "cursor://anysphere.cursor-mcp/oauth/callback",
      "https://www.cursor.com/agents/mcp/oauth/callback",
    ],
    credentials: none,
  },
  {
    name: "MCP CLI Proxy",
    by: "registration",
    sent: {
      client_name: "MCP CLI Proxy",
      client_uri: "https://github.com/modelcontextprotocol/mcp-cli",
      redirect_uris: ["http://localhost:13345/oauth/callback"],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
      software_version: "0.15.1",
    },
    uses: ["http://localhost:13345/oauth/callback", "http://localhost:27201/oauth/callback"],
    credentials: none,
  },
  {
    name: "MCP Inspector",
    by: "registration",
    sent: {
      client_name: "MCP Inspector",
      client_uri: "https://github.com/modelcontextprotocol/inspector",
      redirect_uris: ["http://localhost:6274/oauth/callback"],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      scope: "",
    },
    uses: ["http://localhost:6274/oauth/callback"],
    credentials: none,
  },
  {
    name: "Claude",
    by: "registration",
    sent: {
      client_name: "Claude",
      redirect_uris: ["https://claude.ai/api/mcp/auth_callback"],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
      scope: "claudeai",
    },
    uses: ["https://claude.ai/api/mcp/auth_callback"],
    credentials: [{ kind: "secret", hash: expect.stringMatching(/^[\w-]{43}$/) }],
  },
];
