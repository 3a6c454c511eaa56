"""The fixed forms of secrets that their issuers publish. Dated data, written from those publications."""

from __future__ import annotations

from builder.secrets import false_positives
from builder.secrets.format_definition import START, SecretFormat, token_format

AS_OF = "2026-11-20"

# Between the lines of a key: line ends, also written as escapes, and what joins texts in code.
_BREAK = rb"(?:\\+[rn]|[\s\"'`+,\\]){1,40}"

SECRET_FORMATS: tuple[SecretFormat, ...] = (
    # AWS, IAM identifiers: unique ID prefixes; keys are Crockford-free base32.
    token_format("aws-access-key", "an AWS access key", rb"A(?:KIA|SIA)[A-Z2-7]{16}", b"AKIA", b"ASIA"),
    # RFC 7468 (PKCS#8, PKCS#1), RFC 1421 (its headers), OpenSSH's PROTOCOL.key
    SecretFormat(
        name="private-key",
        description="a private key",
        anchors=(b"-----BEGIN ",),
        pattern=rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----"
        + _BREAK
        + rb"(?:[A-Z][A-Za-z-]{3,20}: ?[^\n\\]{1,80}"
        + _BREAK
        + rb"){0,4}[A-Za-z0-9+/]{32}",
    ),
    # RFC 9580, section 6.2
    SecretFormat(
        name="pgp-private-key",
        description="a PGP private key",
        anchors=(b"-----BEGIN PGP PRIVATE KEY BLOCK-----",),
        pattern=rb"-----BEGIN PGP PRIVATE KEY BLOCK-----(?:\\+[rn]|\s){1,8}[A-Za-z0-9+/=: .()\r\n\\]{32}",
    ),
    # RFC 4716 and the tools of SSH Communications Security
    SecretFormat(
        name="ssh2-private-key",
        description="an SSH2 private key",
        anchors=(b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",),
        pattern=rb"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\r?\n[^\r\n]",
    ),
    # PuTTY user manual, appendix "PPK file format"
    SecretFormat(
        name="putty-private-key",
        description="a PuTTY private key",
        anchors=(b"PuTTY-User-Key-File-",),
        pattern=rb"PuTTY-User-Key-File-[1-9]: [a-z]",
    ),
    SecretFormat(
        name="encoded-private-key",
        description="a private key in base64",
        anchors=(b"LS0tLS1CRUdJTi",),
        pattern=START + rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]{58,88}",
        compact=True,
        is_genuine=false_positives.is_encoded_private_key,
    ),
    # RFC 7517: a JSON Web Key with its private member
    SecretFormat(
        name="jwk-private-key",
        description="a private JSON Web Key",
        anchors=(b'"d"',),
        pattern=rb'"d"\s{0,4}:\s{0,4}"[A-Za-z0-9_-]{32,1024}"',
        is_genuine=false_positives.looks_like_key_material,
    ),
    # age: the format, C2SP.org/age
    token_format("age-secret-key", "an age secret key", rb"AGE-SECRET-KEY-1[A-Z0-9]{58}", b"AGE-SECRET-KEY-1"),
    # RFC 7519
    SecretFormat(
        name="jwt",
        description="a signed token (JWT)",
        anchors=(b"eyJ",),
        pattern=START + rb"eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{20,2048}",
        compact=True,
        is_genuine=false_positives.is_signed_token,
    ),
    # GitHub docs: "GitHub's token formats"
    token_format(
        "github-token", "a GitHub token", rb"gh[oprsu]_[A-Za-z0-9]{36,251}", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"
    ),
    token_format("github-token", "a GitHub token", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", b"github_pat_"),
    # GitLab docs: "Token overview", prefixes
    token_format(
        "gitlab-token",
        "a GitLab token",
        rb"gl(?:pat|dt|rt|cbt|oas|ptt|ft|agent|imt|soat|rtr|ffct)-[A-Za-z0-9_.=-]{20,320}",
        *(b"glpat-", b"gldt-", b"glrt-", b"glcbt-", b"gloas-", b"glptt-", b"glft-", b"glagent-", b"glimt-"),
        *(b"glsoat-", b"glrtr-", b"glffct-"),
    ),
    # Atlassian support: API tokens and app passwords
    token_format("atlassian-token", "an Atlassian token", rb"ATATT3[A-Za-z0-9_=-]{64,400}", b"ATATT3"),
    token_format("bitbucket-app-password", "a Bitbucket app password", rb"ATBB[A-Za-z0-9]{32}", b"ATBB"),
    # Slack docs: "Token types", "Sending messages using incoming webhooks"
    token_format(
        "slack-token",
        "a Slack token",
        rb"xox(?:[abeoprs]|e\.xox[bp])-[A-Za-z0-9-]{20,255}",
        *(b"xoxb-", b"xoxp-", b"xoxa-", b"xoxr-", b"xoxs-", b"xoxe-", b"xoxo-", b"xoxe."),
    ),
    token_format(
        "slack-token", "a Slack app token", rb"xapp-[0-9]-[A-Z0-9]{8,16}-[0-9]{8,16}-[a-f0-9]{32,64}", b"xapp-"
    ),
    SecretFormat(
        name="slack-webhook",
        description="the address of a Slack webhook",
        anchors=(b"hooks.slack.com/",),
        pattern=rb"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Z0-9]{8,12}/[A-Z0-9]{8,20}/[A-Za-z0-9]{20,40}",
    ),
    # Discord and Microsoft Teams: incoming webhooks
    SecretFormat(
        name="discord-webhook",
        description="the address of a Discord webhook",
        anchors=(b"/api/webhooks/",),
        pattern=rb"/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80}",
    ),
    SecretFormat(
        name="teams-webhook",
        description="the address of a Teams webhook",
        anchors=(b"webhook.office.com/webhookb2/",),
        pattern=rb"webhook\.office\.com/webhookb2/[a-f0-9-]{36}@[a-f0-9-]{36}/IncomingWebhook/[a-f0-9]{32}",
    ),
    # Stripe docs: "API keys", "Webhooks"
    token_format(
        "stripe-key",
        "a Stripe key",
        rb"[rs]k_(?:live|test)_[A-Za-z0-9]{20,247}",
        *(b"sk_live_", b"sk_test_", b"rk_live_", b"rk_test_"),
    ),
    token_format("stripe-key", "a Stripe webhook secret", rb"whsec_[A-Za-z0-9+/]{32,64}={0,2}", b"whsec_"),
    # Google Cloud docs: API keys, OAuth clients and tokens
    token_format("google-api-key", "a Google API key", rb"AIza[A-Za-z0-9_-]{35}", b"AIza"),
    token_format("google-client-secret", "a Google client secret", rb"GOCSPX-[A-Za-z0-9_-]{28}", b"GOCSPX-"),
    token_format("google-token", "a Google access token", rb"ya29\.[A-Za-z0-9_-]{30,1024}", b"ya29."),
    token_format("google-token", "a Google refresh token", rb"1//0[A-Za-z0-9_-]{40,512}", b"1//0"),
    # Microsoft Learn: storage connection strings, Service Bus SAS, Entra client secrets, shared access signatures
    SecretFormat(
        name="azure-storage-key",
        description="an Azure storage key",
        anchors=(b"AccountKey=",),
        pattern=rb"AccountKey=[A-Za-z0-9+/]{86}==",
    ),
    SecretFormat(
        name="azure-shared-access-key",
        description="an Azure shared access key",
        anchors=(b"SharedAccessKey=",),
        pattern=rb"SharedAccessKey=[A-Za-z0-9+/]{43}=",
    ),
    SecretFormat(
        name="azure-client-secret",
        description="an Azure client secret",
        anchors=(b"Q~",),
        pattern=rb"(?<![A-Za-z0-9_.~-])[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_.~-])",
        prefix_length=4,
        compact=True,
    ),
    SecretFormat(
        name="azure-signature",
        description="an Azure shared access signature",
        anchors=(b"sig=",),
        pattern=rb"(?<=[?&])sig=[A-Za-z0-9]{3}(?=[A-Za-z0-9%]{0,80}%3[Dd])[A-Za-z0-9%]{40,80}",
    ),
    # npm docs: access tokens; PyPI help: API tokens (macaroons, base64 of their first bytes)
    token_format("npm-token", "an npm token", rb"npm_[A-Za-z0-9]{36}", b"npm_"),
    SecretFormat(
        name="npmrc-auth",
        description="credentials of an npm registry",
        anchors=(b"_authToken", b"_auth", b"_password"),
        pattern=rb"(?:(?<=:)|(?<![^\n]))_(?:authToken|auth|password)[ \t]{0,8}=[ \t]{0,8}"
        rb"\"?[A-Za-z0-9+/=_.-]{8,2048}+(?![ \t]{0,8}=)",
    ),
    token_format(
        "pypi-token",
        "a PyPI token",
        rb"pypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}",
        b"pypi-Ag",
    ),
    token_format("rubygems-key", "a RubyGems key", rb"rubygems_[a-f0-9]{48}", b"rubygems_"),
    token_format("nuget-key", "a NuGet key", rb"oy2[a-z0-9]{43}", b"oy2"),
    token_format("crates-token", "a crates.io token", rb"cio[A-Za-z0-9]{32}", b"cio"),
    # Twilio, SendGrid, Mailgun, Mailchimp docs: API keys
    token_format("twilio-key", "a Twilio API key", rb"SK[0-9a-f]{32}", b"SK"),
    token_format("sendgrid-key", "a SendGrid key", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", b"SG."),
    token_format("mailgun-key", "a Mailgun key", rb"key-[0-9a-f]{32}", b"key-"),
    token_format("mailchimp-key", "a Mailchimp key", rb"[0-9a-f]{32}-us[0-9]{1,2}", b"-us", prefix_length=32),
    # Docker, HashiCorp, JFrog, Terraform Cloud, Pulumi, Doppler docs: tokens
    token_format(
        "docker-token", "a Docker access token", rb"dckr_[op]at_[A-Za-z0-9_-]{27,40}", b"dckr_pat_", b"dckr_oat_"
    ),
    SecretFormat(
        name="docker-auth",
        description="credentials of a container registry",
        anchors=(b'"auth"',),
        pattern=rb'"auth"\s{0,4}:\s{0,4}"[A-Za-z0-9+/]{8,2048}={0,2}"',
        is_genuine=false_positives.holds_user_and_password,
    ),
    SecretFormat(
        name="docker-auth",
        description="credentials of a container registry",
        anchors=(b".dockerconfigjson",),
        pattern=rb"\.dockerconfigjson[\"']?\s{0,4}:\s{0,4}[\"']?[A-Za-z0-9+/]{40}",
    ),
    token_format("vault-token", "a Vault token", rb"hv[bsr]\.[A-Za-z0-9_-]{24,300}", b"hvs.", b"hvb.", b"hvr."),
    token_format(
        "terraform-token",
        "a Terraform Cloud token",
        rb"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}",
        b".atlasv1.",
        prefix_length=14,
    ),
    token_format("artifactory-key", "an Artifactory key", rb"AKCp[A-Za-z0-9]{69}", b"AKCp"),
    token_format("pulumi-token", "a Pulumi token", rb"pul-[a-f0-9]{40}", b"pul-"),
    token_format("doppler-token", "a Doppler token", rb"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,64}", b"dp."),
    # Clouds and services with published prefixes
    token_format(
        "digitalocean-token", "a DigitalOcean token", rb"do[opr]_v1_[a-f0-9]{64}", b"dop_v1_", b"doo_v1_", b"dor_v1_"
    ),
    token_format("databricks-token", "a Databricks token", rb"dapi[a-f0-9]{32}(?:-[0-9])?", b"dapi"),
    token_format(
        "shopify-token",
        "a Shopify token",
        rb"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
        *(b"shpat_", b"shpca_", b"shppa_", b"shpss_"),
    ),
    token_format("square-token", "a Square token", rb"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}", b"sq0atp-", b"sq0csp-"),
    token_format("newrelic-key", "a New Relic key", rb"NRAK-[A-Z0-9]{27}", b"NRAK-"),
    token_format("grafana-token", "a Grafana token", rb"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}", b"glsa_"),
    token_format(
        "sentry-token",
        "a Sentry token",
        rb"sntry(?:u_[a-f0-9]{64}|s_eyJ[A-Za-z0-9+/=_-]{80,400})",
        *(b"sntryu_", b"sntrys_"),
    ),
    token_format("postman-key", "a Postman key", rb"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", b"PMAK-"),
    token_format("linear-key", "a Linear key", rb"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}", b"lin_api_", b"lin_oauth_"),
    token_format("heroku-key", "a Heroku key", rb"HRKU-[A-Za-z0-9_-]{36,64}", b"HRKU-"),
    token_format(
        "openai-key",
        "an OpenAI key",
        rb"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}",
        *(b"sk-proj-", b"sk-svcacct-", b"sk-admin-"),
    ),
    token_format(
        "openai-key",
        "an OpenAI key",
        rb"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
        b"T3BlbkFJ",
        prefix_length=23,
    ),
    token_format("anthropic-key", "an Anthropic key", rb"sk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{80,120}", b"sk-ant-"),
    token_format("huggingface-token", "a Hugging Face token", rb"hf_[A-Za-z]{34}", b"hf_"),
    # RFC 3986, section 3.2.1
    SecretFormat(
        name="password-in-address",
        description="a password in an address",
        anchors=(b"://",),
        pattern=rb"://[^\s:/@\"'<>{}$%`\\|*(]{1,64}:[^\s/@:,\"'<>{}$`\\|*(]{3,128}@[A-Za-z0-9.-]{1,255}",
        is_genuine=false_positives.holds_real_credentials,
    ),
    # The netrc file of ftp(1) and curl
    SecretFormat(
        name="netrc",
        description="a password of a netrc file",
        anchors=(b"machine ",),
        pattern=rb"machine [^\s]{1,255}\s{1,8}login\s{1,8}[^\s]{1,255}\s{1,8}password\s{1,8}[^\s$<{]{3}",
    ),
)
