"""What secrets look like, where their issuers publish a fixed form. Dated data, written from those publications.

Each form has a literal part (the anchor), which is searched for first: a file without it costs one pass of
``bytes.find`` and no regular expression. Every repetition is bounded and starts at a boundary, so time grows with the
size of the file, whatever is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from builder.secrets import false_positives

if TYPE_CHECKING:
    from collections.abc import Callable

AS_OF = "2026-11-20"
RUN_BYTES = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_.+/=~%-"
SHORTEST_RUN = 20
"""An AWS access key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One form of secret.

    Attributes:
        name: What ``[build.allow-secrets]`` calls it.
        what: What it is, for messages.
        anchors: Literal texts of which every such secret has one.
        pattern: The whole secret, as a regular expression over bytes.
        before: How many bytes of the pattern stand before the anchor.
        compact: The secret is one run of ``RUN_BYTES``, so a text without long runs cannot hold it.
        proved: Whether what the pattern found is one indeed, not an example of the documents.
    """

    name: str
    what: str
    anchors: tuple[bytes, ...]
    pattern: bytes
    before: int = 0
    compact: bool = False
    proved: Callable[[bytes], bool] = false_positives.not_an_example

    @property
    def compiled(self) -> re.Pattern[bytes]:
        """The pattern, made ready at its first use."""
        return _compiled(self.pattern)


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    return re.compile(pattern)


# What may not stand before or after a token: then it is a part of something longer.
_START = rb"(?:(?<![A-Za-z0-9_+/-])|(?<=\\[nrt]))"
_END = rb"(?![A-Za-z0-9_-])"
# Between the lines of a key: line ends, also written as escapes, and what joins texts in code.
_BREAK = rb"(?:\\+[rn]|[\s\"'`+,\\]){1,40}"


def _token(name: str, what: str, body: bytes, *anchors: bytes, before: int = 0) -> Kind:
    return Kind(name=name, what=what, anchors=anchors, pattern=_START + body + _END, before=before, compact=True)


KINDS: tuple[Kind, ...] = (
    # AWS, IAM identifiers: unique ID prefixes; keys are Crockford-free base32.
    _token("aws-access-key", "an AWS access key", rb"A(?:KIA|SIA)[A-Z2-7]{16}", b"AKIA", b"ASIA"),
    # RFC 7468 (PKCS#8, PKCS#1), RFC 1421 (its headers), OpenSSH's PROTOCOL.key
    Kind(
        name="private-key",
        what="a private key",
        anchors=(b"-----BEGIN ",),
        pattern=rb"-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY-----"
        + _BREAK
        + rb"(?:[A-Z][A-Za-z-]{3,20}: ?[^\n\\]{1,80}"
        + _BREAK
        + rb"){0,4}[A-Za-z0-9+/]{32}",
    ),
    # RFC 9580, section 6.2
    Kind(
        name="pgp-private-key",
        what="a PGP private key",
        anchors=(b"-----BEGIN PGP PRIVATE KEY BLOCK-----",),
        pattern=rb"-----BEGIN PGP PRIVATE KEY BLOCK-----(?:\\+[rn]|\s){1,8}[A-Za-z0-9+/=: .()\r\n\\]{32}",
    ),
    # RFC 4716 and the tools of SSH Communications Security
    Kind(
        name="ssh2-private-key",
        what="an SSH2 private key",
        anchors=(b"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",),
        pattern=rb"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\r?\n[^\r\n]",
    ),
    # PuTTY user manual, appendix "PPK file format"
    Kind(
        name="putty-private-key",
        what="a PuTTY private key",
        anchors=(b"PuTTY-User-Key-File-",),
        pattern=rb"PuTTY-User-Key-File-[1-9]: [a-z]",
    ),
    Kind(
        name="encoded-private-key",
        what="a private key in base64",
        anchors=(b"LS0tLS1CRUdJTi",),
        pattern=_START + rb"LS0tLS1CRUdJTi[A-Za-z0-9+/]{58,88}",
        compact=True,
        proved=false_positives.encoded_private_key,
    ),
    # RFC 7517: a JSON Web Key with its private member
    Kind(
        name="jwk-private-key",
        what="a private JSON Web Key",
        anchors=(b'"d"',),
        pattern=rb'"d"\s{0,4}:\s{0,4}"[A-Za-z0-9_-]{32,1024}"',
        proved=false_positives.key_material,
    ),
    # age: the format, C2SP.org/age
    _token("age-secret-key", "an age secret key", rb"AGE-SECRET-KEY-1[A-Z0-9]{58}", b"AGE-SECRET-KEY-1"),
    # RFC 7519
    Kind(
        name="jwt",
        what="a signed token (JWT)",
        anchors=(b"eyJ",),
        pattern=_START + rb"eyJ[A-Za-z0-9_-]{8,2048}\.eyJ[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{20,2048}",
        compact=True,
        proved=false_positives.signed_token,
    ),
    # GitHub docs: "GitHub's token formats"
    _token(
        "github-token", "a GitHub token", rb"gh[oprsu]_[A-Za-z0-9]{36,251}", b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"
    ),
    _token("github-token", "a GitHub token", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}", b"github_pat_"),
    # GitLab docs: "Token overview", prefixes
    _token(
        "gitlab-token",
        "a GitLab token",
        rb"gl(?:pat|dt|rt|cbt|oas|ptt|ft|agent|imt|soat|rtr|ffct)-[A-Za-z0-9_.=-]{20,320}",
        *(b"glpat-", b"gldt-", b"glrt-", b"glcbt-", b"gloas-", b"glptt-", b"glft-", b"glagent-", b"glimt-"),
        *(b"glsoat-", b"glrtr-", b"glffct-"),
    ),
    # Atlassian support: API tokens and app passwords
    _token("atlassian-token", "an Atlassian token", rb"ATATT3[A-Za-z0-9_=-]{64,400}", b"ATATT3"),
    _token("bitbucket-app-password", "a Bitbucket app password", rb"ATBB[A-Za-z0-9]{32}", b"ATBB"),
    # Slack docs: "Token types", "Sending messages using incoming webhooks"
    _token(
        "slack-token",
        "a Slack token",
        rb"xox(?:[abeoprs]|e\.xox[bp])-[A-Za-z0-9-]{20,255}",
        *(b"xoxb-", b"xoxp-", b"xoxa-", b"xoxr-", b"xoxs-", b"xoxe-", b"xoxo-", b"xoxe."),
    ),
    _token("slack-token", "a Slack app token", rb"xapp-[0-9]-[A-Z0-9]{8,16}-[0-9]{8,16}-[a-f0-9]{32,64}", b"xapp-"),
    Kind(
        name="slack-webhook",
        what="the address of a Slack webhook",
        anchors=(b"hooks.slack.com/",),
        pattern=rb"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Z0-9]{8,12}/[A-Z0-9]{8,20}/[A-Za-z0-9]{20,40}",
    ),
    # Discord and Microsoft Teams: incoming webhooks
    Kind(
        name="discord-webhook",
        what="the address of a Discord webhook",
        anchors=(b"/api/webhooks/",),
        pattern=rb"/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_-]{60,80}",
    ),
    Kind(
        name="teams-webhook",
        what="the address of a Teams webhook",
        anchors=(b"webhook.office.com/webhookb2/",),
        pattern=rb"webhook\.office\.com/webhookb2/[a-f0-9-]{36}@[a-f0-9-]{36}/IncomingWebhook/[a-f0-9]{32}",
    ),
    # Stripe docs: "API keys", "Webhooks"
    _token(
        "stripe-key",
        "a Stripe key",
        rb"[rs]k_(?:live|test)_[A-Za-z0-9]{20,247}",
        *(b"sk_live_", b"sk_test_", b"rk_live_", b"rk_test_"),
    ),
    _token("stripe-key", "a Stripe webhook secret", rb"whsec_[A-Za-z0-9+/]{32,64}={0,2}", b"whsec_"),
    # Google Cloud docs: API keys, OAuth clients and tokens
    _token("google-api-key", "a Google API key", rb"AIza[A-Za-z0-9_-]{35}", b"AIza"),
    _token("google-client-secret", "a Google client secret", rb"GOCSPX-[A-Za-z0-9_-]{28}", b"GOCSPX-"),
    _token("google-token", "a Google access token", rb"ya29\.[A-Za-z0-9_-]{30,1024}", b"ya29."),
    _token("google-token", "a Google refresh token", rb"1//0[A-Za-z0-9_-]{40,512}", b"1//0"),
    # Microsoft Learn: storage connection strings, Service Bus SAS, Entra client secrets, shared access signatures
    Kind(
        name="azure-storage-key",
        what="an Azure storage key",
        anchors=(b"AccountKey=",),
        pattern=rb"AccountKey=[A-Za-z0-9+/]{86}==",
    ),
    Kind(
        name="azure-shared-access-key",
        what="an Azure shared access key",
        anchors=(b"SharedAccessKey=",),
        pattern=rb"SharedAccessKey=[A-Za-z0-9+/]{43}=",
    ),
    Kind(
        name="azure-client-secret",
        what="an Azure client secret",
        anchors=(b"Q~",),
        pattern=rb"(?<![A-Za-z0-9_.~-])[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_.~-])",
        before=4,
        compact=True,
    ),
    Kind(
        name="azure-signature",
        what="an Azure shared access signature",
        anchors=(b"sig=",),
        pattern=rb"(?<=[?&])sig=[A-Za-z0-9]{3}(?=[A-Za-z0-9%]{0,80}%3[Dd])[A-Za-z0-9%]{40,80}",
    ),
    # npm docs: access tokens; PyPI help: API tokens (macaroons, base64 of their first bytes)
    _token("npm-token", "an npm token", rb"npm_[A-Za-z0-9]{36}", b"npm_"),
    Kind(
        name="npmrc-auth",
        what="credentials of an npm registry",
        anchors=(b"_authToken", b"_auth", b"_password"),
        pattern=rb"(?:(?<=:)|(?<![^\n]))_(?:authToken|auth|password)[ \t]{0,8}=[ \t]{0,8}"
        rb"\"?[A-Za-z0-9+/=_.-]{8,2048}+(?![ \t]{0,8}=)",
    ),
    _token(
        "pypi-token",
        "a PyPI token",
        rb"pypi-Ag(?:EIcHlwaS5vcmc|ENdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}",
        b"pypi-Ag",
    ),
    _token("rubygems-key", "a RubyGems key", rb"rubygems_[a-f0-9]{48}", b"rubygems_"),
    _token("nuget-key", "a NuGet key", rb"oy2[a-z0-9]{43}", b"oy2"),
    _token("crates-token", "a crates.io token", rb"cio[A-Za-z0-9]{32}", b"cio"),
    # Twilio, SendGrid, Mailgun, Mailchimp docs: API keys
    _token("twilio-key", "a Twilio API key", rb"SK[0-9a-f]{32}", b"SK"),
    _token("sendgrid-key", "a SendGrid key", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}", b"SG."),
    _token("mailgun-key", "a Mailgun key", rb"key-[0-9a-f]{32}", b"key-"),
    _token("mailchimp-key", "a Mailchimp key", rb"[0-9a-f]{32}-us[0-9]{1,2}", b"-us", before=32),
    # Docker, HashiCorp, JFrog, Terraform Cloud, Pulumi, Doppler docs: tokens
    _token("docker-token", "a Docker access token", rb"dckr_[op]at_[A-Za-z0-9_-]{27,40}", b"dckr_pat_", b"dckr_oat_"),
    Kind(
        name="docker-auth",
        what="credentials of a container registry",
        anchors=(b'"auth"',),
        pattern=rb'"auth"\s{0,4}:\s{0,4}"[A-Za-z0-9+/]{8,2048}={0,2}"',
        proved=false_positives.user_and_password,
    ),
    Kind(
        name="docker-auth",
        what="credentials of a container registry",
        anchors=(b".dockerconfigjson",),
        pattern=rb"\.dockerconfigjson[\"']?\s{0,4}:\s{0,4}[\"']?[A-Za-z0-9+/]{40}",
    ),
    _token("vault-token", "a Vault token", rb"hv[bsr]\.[A-Za-z0-9_-]{24,300}", b"hvs.", b"hvb.", b"hvr."),
    _token(
        "terraform-token",
        "a Terraform Cloud token",
        rb"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,70}",
        b".atlasv1.",
        before=14,
    ),
    _token("artifactory-key", "an Artifactory key", rb"AKCp[A-Za-z0-9]{69}", b"AKCp"),
    _token("pulumi-token", "a Pulumi token", rb"pul-[a-f0-9]{40}", b"pul-"),
    _token("doppler-token", "a Doppler token", rb"dp\.(?:pt|st|ct|sa|scim|audit)\.[A-Za-z0-9._-]{40,64}", b"dp."),
    # Clouds and services with published prefixes
    _token(
        "digitalocean-token", "a DigitalOcean token", rb"do[opr]_v1_[a-f0-9]{64}", b"dop_v1_", b"doo_v1_", b"dor_v1_"
    ),
    _token("databricks-token", "a Databricks token", rb"dapi[a-f0-9]{32}(?:-[0-9])?", b"dapi"),
    _token(
        "shopify-token",
        "a Shopify token",
        rb"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",
        b"shpat_",
        b"shpca_",
        b"shppa_",
        b"shpss_",
    ),
    _token("square-token", "a Square token", rb"sq0(?:atp|csp)-[A-Za-z0-9_-]{22,43}", b"sq0atp-", b"sq0csp-"),
    _token("newrelic-key", "a New Relic key", rb"NRAK-[A-Z0-9]{27}", b"NRAK-"),
    _token("grafana-token", "a Grafana token", rb"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}", b"glsa_"),
    _token(
        "sentry-token",
        "a Sentry token",
        rb"sntry(?:u_[a-f0-9]{64}|s_eyJ[A-Za-z0-9+/=_-]{80,400})",
        b"sntryu_",
        b"sntrys_",
    ),
    _token("postman-key", "a Postman key", rb"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", b"PMAK-"),
    _token("linear-key", "a Linear key", rb"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}", b"lin_api_", b"lin_oauth_"),
    _token("heroku-key", "a Heroku key", rb"HRKU-[A-Za-z0-9_-]{36,64}", b"HRKU-"),
    _token(
        "openai-key",
        "an OpenAI key",
        rb"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}",
        b"sk-proj-",
        b"sk-svcacct-",
        b"sk-admin-",
    ),
    _token("openai-key", "an OpenAI key", rb"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", b"T3BlbkFJ", before=23),
    _token("anthropic-key", "an Anthropic key", rb"sk-ant-[a-z]{3,8}[0-9]{2}-[A-Za-z0-9_-]{80,120}", b"sk-ant-"),
    _token("huggingface-token", "a Hugging Face token", rb"hf_[A-Za-z]{34}", b"hf_"),
    # RFC 3986, section 3.2.1
    Kind(
        name="password-in-address",
        what="a password in an address",
        anchors=(b"://",),
        pattern=rb"://[^\s:/@\"'<>{}$%`\\|*(]{1,64}:[^\s/@:,\"'<>{}$`\\|*(]{3,128}@[A-Za-z0-9.-]{1,255}",
        proved=false_positives.real_credentials,
    ),
    # The netrc file of ftp(1) and curl
    Kind(
        name="netrc",
        what="a password of a netrc file",
        anchors=(b"machine ",),
        pattern=rb"machine [^\s]{1,255}\s{1,8}login\s{1,8}[^\s]{1,255}\s{1,8}password\s{1,8}[^\s$<{]{3}",
    ),
)
