"""An authority for tests: issues certificates that sign models, and time stamps by `openssl ts`."""

import datetime
import subprocess

from asn1crypto import tsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

START = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=30)
END = START + datetime.timedelta(days=365)


def usage(**allowed):
    names = [
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
        "crl_sign", "encipher_only", "decipher_only",
    ]
    return x509.KeyUsage(**{name: allowed.get(name, False) for name in names})


class Authority:
    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} root")])
        builder = self.builder(self.subject, self.key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        builder = builder.add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        self.path = folder / f"{name}-ca.pem"
        self.write(self.path, builder)

    def builder(self, subject, key):
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(self.subject).public_key(key)
        made = made.serial_number(x509.random_serial_number()).not_valid_before(START).not_valid_after(END)
        return made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)

    def write(self, path, builder):
        path.write_bytes(builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, key, purpose=ExtendedKeyUsageOID.CODE_SIGNING, name="leaf", critical=False):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} {name}")])
        builder = self.builder(subject, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(usage(digital_signature=True), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=critical)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        path = self.folder / f"{self.name}-{name}.pem"
        self.write(path, builder)
        return path

    def stamp(self, query, response):
        """A response to a query, by a certificate that is for time stamps."""
        certificate, private = self.stamper("stamp", ExtendedKeyUsageOID.TIME_STAMPING)
        serial = self.folder / "tsa-serial"
        serial.write_text("01\n")
        settings = self.folder / "tsa.cnf"
        settings.write_text(
            f"[tsa]\ndefault_tsa = t\n[t]\nserial = {serial}\ncrypto_device = builtin\ndefault_policy = 1.2.3.4.1\n"
            "digests = sha256\nsigner_digest = sha256\ness_cert_id_chain = no\ness_cert_id_alg = sha256\n")
        command = ["openssl", "ts", "-reply", "-config", settings, "-queryfile", query, "-signer", certificate, "-inkey", private]
        return subprocess.run([*map(str, command), "-out", str(response)], capture_output=True).returncode == 0

    def restamp(self, response, other, purpose):
        """What a response says, signed by a certificate that is for something else, which `openssl ts` would not do."""
        certificate, private = self.stamper("restamp", purpose)
        said = tsp.TimeStampResp.load(response.read_bytes())["time_stamp_token"]["content"]["encap_content_info"]["content"]
        info, token = self.folder / "info.der", self.folder / "token.der"
        info.write_bytes(said.contents)
        command = ["openssl", "cms", "-sign", "-in", info, "-binary", "-nodetach", "-cades", "-econtent_type", "id-smime-ct-TSTInfo"]
        command += ["-signer", certificate, "-inkey", private, "-outform", "DER", "-out", token]
        made = subprocess.run(list(map(str, command)), capture_output=True).returncode == 0
        body = bytes.fromhex("3003020100") + token.read_bytes()
        other.write_bytes(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
        return made

    def stamper(self, name, purpose):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self.issue(key, purpose, name=name, critical=True)
        private = self.folder / f"{self.name}-{name}.key"
        pkcs8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        private.write_bytes(key.private_bytes(*pkcs8))
        return certificate, private
