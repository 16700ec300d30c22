// SPDX-License-Identifier: MIT
// Keys in files of their own, as openssl(1) writes them.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include <ftpfs/net/tls.hpp>

#include "support/certificates.hpp"

namespace ftpfs::net {
namespace {

namespace fs = std::filesystem;

class Key : public testing::Test {
 protected:
  Key() {
    std::string name = (fs::temp_directory_path() / "ftpfs-key-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) directory_ = name;
  }
  ~Key() override { fs::remove_all(directory_); }

  std::string write(const std::string& text) const {
    const fs::path file = directory_ / "key";
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }

  // The key of `identity`, written by `put(FILE, key)`.
  template <class Put>
  std::string rewritten(const test::Identity& identity, Put put) const {
    const std::string text = identity.pem();
    BIO* memory = BIO_new_mem_buf(text.data(), static_cast<int>(text.size()));
    X509* certificate = PEM_read_bio_X509(memory, nullptr, nullptr, nullptr);
    EVP_PKEY* key = PEM_read_bio_PrivateKey(memory, nullptr, nullptr, nullptr);
    BIO* file = BIO_new_file((directory_ / "key").c_str(), "wb");
    EXPECT_EQ(put(file, certificate, key), 1);
    BIO_free_all(file);
    EVP_PKEY_free(key);
    X509_free(certificate);
    BIO_free_all(memory);
    return (directory_ / "key").string();
  }

  static int put_bundle(BIO* file, X509* certificate, EVP_PKEY* key, const char* password) {
    PKCS12* bundle = PKCS12_create(password, "us", key, certificate, nullptr, 0, 0, 0, 0, 0);
    const int written = i2d_PKCS12_bio(file, bundle);
    PKCS12_free(bundle);
    return written;
  }

  test::Identity identity_ = test::self_signed({});
  unsigned char* secret_ = reinterpret_cast<unsigned char*>(const_cast<char*>("secret"));
  fs::path directory_;
};

TEST_F(Key, InClearText) {
  EXPECT_FALSE(key_is_encrypted(write(identity_.pem())));
}

TEST_F(Key, EncryptedPem) {
  EXPECT_TRUE(key_is_encrypted(rewritten(identity_, [&](BIO* file, X509*, EVP_PKEY* key) {
    return PEM_write_bio_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr);
  })));
}

TEST_F(Key, EncryptedPemBehindACertificate) {
  const std::string file_of_both = rewritten(identity_, [&](BIO* file, X509* certificate, EVP_PKEY* key) {
    return PEM_write_bio_X509(file, certificate) == 1 &&
           PEM_write_bio_PKCS8PrivateKey(file, key, EVP_aes_256_cbc(), "secret", 6, nullptr, nullptr) == 1;
  });
  EXPECT_TRUE(key_is_encrypted(file_of_both));
}

TEST_F(Key, EncryptedPemOfOld) {
  EXPECT_TRUE(key_is_encrypted(rewritten(identity_, [&](BIO* file, X509*, EVP_PKEY* key) {
    return PEM_write_bio_PrivateKey_traditional(file, key, EVP_aes_256_cbc(), secret_, 6, nullptr, nullptr);
  })));
}

TEST_F(Key, Bundles) {
  for (const auto& [password, encrypted] : {std::pair("secret", true), std::pair("", false)}) {
    EXPECT_EQ(key_is_encrypted(rewritten(identity_,
                                         [&](BIO* file, X509* certificate, EVP_PKEY* key) {
                                           return put_bundle(file, certificate, key, password);
                                         })),
              encrypted);
  }
}

TEST_F(Key, NoneThatCouldBeRead) {
  EXPECT_FALSE(key_is_encrypted("/nowhere/key"));
  EXPECT_FALSE(key_is_encrypted(write("")));
}

}  // namespace
}  // namespace ftpfs::net
