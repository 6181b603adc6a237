{{- define "latchkey.name" -}}
{{- if contains "latchkey" .Release.Name -}}
{{ .Release.Name | trunc 53 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-latchkey" .Release.Name | trunc 53 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "latchkey.selector" -}}
app.kubernetes.io/name: latchkey
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "latchkey.labels" -}}
{{ include "latchkey.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "latchkey.serviceAccount" -}}
{{- default (ternary (include "latchkey.name" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name -}}
{{- end }}

{{- define "latchkey.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end }}

{{- /* The names of the settings that are read from mounted files, by their name among the values. */ -}}
{{- define "latchkey.secretSettings" -}}
database: LATCHKEY_DATABASE
secret: LATCHKEY_SECRET
adminPassword: LATCHKEY_ADMIN_PASSWORD
guardKeys: LATCHKEY_GUARD_KEYS
metricsKeys: LATCHKEY_METRICS_KEYS
keycloakClientSecret: LATCHKEY_KEYCLOAK_CLIENT_SECRET
smtpUrl: LATCHKEY_SMTP_URL
mailWebhookSecret: LATCHKEY_MAIL_WEBHOOK_SECRET
{{- end }}
