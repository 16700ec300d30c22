// SPDX-License-Identifier: MIT
// What a huge directory costs: a listing of a million entries goes through the parser and into a vfs::Listing
// with its index, as a mount does it. Prints entries per second and bytes of memory per entry, a line a form.
//   listing_bench [ENTRIES]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <malloc.h>

#include <ftpfs/proto/listing.hpp>
#include <ftpfs/vfs/listing.hpp>

namespace {

using namespace ftpfs;
using Time = std::chrono::steady_clock;

constexpr std::size_t chunk = 64 * 1024;  // as ftp/listing.cpp reads
constexpr std::int64_t now = 1'780'000'000;

struct Form {
  const char* name;
  proto::ListingFormat format;
  std::string (*line)(std::size_t number);
};

const Form forms[] = {
    {"MLSD", proto::ListingFormat::mlsd,
     [](std::size_t i) {
       return fmt::format("type=file;size={};modify=20260{}15120000;UNIX.mode=0644; IMG_{:07}.jpg\r\n",
                          i * 37, i % 9 + 1, i);
     }},
    {"LIST, Unix", proto::ListingFormat::list,
     [](std::size_t i) {
       return fmt::format("-rw-r--r--   1 ftp      ftp      {:10} Mar {:2} 12:34 IMG_{:07}.jpg\r\n", i * 37,
                          i % 28 + 1, i);
     }},
    {"LIST, DOS", proto::ListingFormat::list,
     [](std::size_t i) {
       return fmt::format("03-{:02}-26  12:34PM {:20} IMG_{:07}.jpg\r\n", i % 28 + 1, i * 37, i);
     }},
};

std::size_t allocated() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

void measure(const Form& form, std::size_t entries) {
  std::string text;
  for (std::size_t i = 0; i < entries; ++i) text += form.line(i);
  const std::size_t before = allocated();
  const auto begun = Time::now();
  proto::ListingParser parser(form.format, now);
  for (std::size_t at = 0; at < text.size(); at += chunk)
    parser.feed(std::string_view(text).substr(at, chunk));
  parser.finish();
  std::vector<Entry> found = parser.take();
  const std::chrono::duration<double> parsing = Time::now() - begun;
  const std::size_t count = found.size();
  const vfs::Listing listing(std::exchange(found, {}), Time::now());
  const bool last = listing.find(fmt::format("IMG_{:07}.jpg", entries - 1)).has_value();
  const std::chrono::duration<double> all = Time::now() - begun;
  fmt::print(
      "{:<11} {} entries ({}), parsed at {:.2f} million/s, indexed at {:.2f} million/s, {} bytes each\n",
      form.name, count, count == entries && last ? "all" : "INCOMPLETE",
      static_cast<double>(entries) / parsing.count() / 1e6, static_cast<double>(entries) / all.count() / 1e6,
      (allocated() - before) / entries);
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t entries = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1'000'000;
  for (const Form& form : forms) measure(form, entries);
}
