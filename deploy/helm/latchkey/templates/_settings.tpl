{{- /* The settings as variables. A secret is the path of a file, never a value. */ -}}
{{- define "latchkey.environment" -}}
- { name: LATCHKEY_HOST, value: {{ .Values.listenAddress | quote }} }
- { name: LATCHKEY_PORT, value: "8000" }
- { name: LATCHKEY_ISSUER, value: {{ .Values.issuer | quote }} }
- { name: LATCHKEY_PROVIDER, value: {{ .Values.provider | quote }} }
{{- if eq .Values.provider "keycloak" }}
- { name: LATCHKEY_KEYCLOAK_URL, value: {{ .Values.keycloak.url | quote }} }
- { name: LATCHKEY_KEYCLOAK_REALM, value: {{ .Values.keycloak.realm | quote }} }
- { name: LATCHKEY_KEYCLOAK_CLIENT_ID, value: {{ .Values.keycloak.clientId | quote }} }
{{- end }}
{{- with .Values.trustedProxies }}
- { name: LATCHKEY_TRUSTED_PROXIES, value: {{ join "," . | quote }} }
{{- end }}
{{- if .Values.sqlite.enabled }}
- { name: LATCHKEY_DATABASE, value: /data/latchkey.db }
{{- end }}
{{- range $value, $setting := include "latchkey.secretSettings" . | fromYaml }}
{{- if (get $.Values.secrets $value).name }}
- { name: {{ $setting }}_FILE, value: /run/secrets/latchkey/{{ $setting }} }
{{- end }}
{{- end }}
{{- range $name, $text := .Values.settings }}
- { name: {{ $name }}, value: {{ $text | quote }} }
{{- end }}
{{- end }}

{{- /* One source of the volume for each secret that the values name. */ -}}
{{- define "latchkey.secretSources" -}}
{{- range $value, $setting := include "latchkey.secretSettings" . | fromYaml }}
{{- with get $.Values.secrets $value }}
{{- if .name }}
- secret:
    name: {{ .name }}
    items:
      - { key: {{ .key | quote }}, path: {{ $setting }} }
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- /* Settings that must not be given as text, and the values that replace them. */ -}}
{{- define "latchkey.ownValues" -}}
LATCHKEY_HOST: listenAddress
LATCHKEY_PORT: service.port
LATCHKEY_ISSUER: issuer
LATCHKEY_PROVIDER: provider
LATCHKEY_KEYCLOAK_URL: keycloak.url
LATCHKEY_KEYCLOAK_REALM: keycloak.realm
LATCHKEY_KEYCLOAK_CLIENT_ID: keycloak.clientId
LATCHKEY_TRUSTED_PROXIES: trustedProxies
{{- range $value, $setting := include "latchkey.secretSettings" . | fromYaml }}
{{ $setting }}: secrets.{{ $value }}.name
{{- end }}
{{- end }}
