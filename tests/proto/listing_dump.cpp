// SPDX-License-Identifier: MIT
// Reads a listing corpus on standard input and prints, for each of its lines, what ftpfs makes of it: one
// JSON object or null.
#include <exception>
#include <iostream>
#include <string>

#include "corpus.hpp"

int main() {
  std::string text;
  while (std::getline(std::cin, text)) {
    try {
      const auto object = nlohmann::json::parse(text);
      const auto line = ftpfs::test::read_corpus_line(object);
      std::cout << ftpfs::test::to_corpus_form(line, ftpfs::test::is_mlsd(object)).dump() << '\n';
    } catch (const std::exception& error) {
      std::cerr << "listing_dump: not a line of a corpus: " << error.what() << '\n';
      return 1;
    }
  }
  return 0;
}
