// SPDX-License-Identifier: MIT
// Month names as ls(1) prints them under the locales that servers are run in.
#include <array>
#include <cstddef>
#include <string>

#include "../text.hpp"
#include "dates.hpp"

namespace ftpfs::proto::listing {
namespace {

// Lower case, one row a month. English, German, French, Spanish, Portuguese, Italian, Dutch, Scandinavian,
// Finnish, Polish, Czech, Slovak, Slovenian, Hungarian, Romanian, Russian, Ukrainian, Turkish, Greek. Where
// languages disagree about an abbreviation ("lis" is October in Croatian, November in Polish) the larger one
// has it; the "jui" of a French OpenVMS is July, as FileZilla reads it.
constexpr std::array<std::string_view, 12> names = {
    " jan january januar januari jän jänner janv janvier ene enero janeiro gen gennaio tammi tammikuu tam "
    "sty styczeń "
    "stycznia led leden ledna január янв январь января oca ocak ian січ Ιαν ",
    " feb february februar februari fév févr février febrero fev fevereiro febbraio febr helmi helmikuu hel "
    "lut luty "
    "lutego úno únor února február фев февр февраль февраля şub şubat лют Φεβ ",
    " mar march mär märz mrz mars marzo março marts maart mrt maalis maaliskuu maa marzec marca bře březen "
    "března "
    "marec márc március мар март марта mart бер Μαρ Μάρ ",
    " apr april avr avril abr abril aprile huhti huhtikuu huh kwi kwiecień kwietnia dub duben dubna apríl "
    "ápr április "
    "апр апрель апреля nis nisan кві Απρ ",
    " may mai mayo maio mag maggio mei maj touko toukokuu tou maja kvě květen května máj május май мая "
    "mayıs тра Μαΐ Μάι Μάη ",
    " jun june juni juin junio junho giu giugno kesä kesäkuu kes cze czerwiec czerwca čer červen června jún "
    "június jún "
    "июн июнь июня haz haziran junij čen iun iunie чер Ιουν Ιούν ",
    " jul july juli juil juillet julio julho lug luglio heinä heinäkuu hei lip lipiec lipca čvc červenec "
    "července júl "
    "július июл июль июля tem temmuz julij jui čec iul iulie лип Ιουλ Ιούλ ",
    " aug august août aoû ago agosto augustus augusti elo elokuu sie sierpień sierpnia srp srpen srpna "
    "augusztus авг "
    "август августа ağu ağustos avg avgust сер Αυγ Αύγ ",
    " sep sept september septembre septiembre set setembro settembre syys syyskuu syy wrz wrzesień września "
    "zář září "
    "szept szeptember сен сент сентябрь сентября eyl eylül вер Σεπ Σεπτ ",
    " oct october okt oktober octobre octubre out outubro ott ottobre loka lokakuu lok paź październik "
    "października "
    "říj říjen října október окт октябрь октября eki ekim жов Οκτ ",
    " nov november novembre noviembre novembro marras marraskuu lis listopad listopada ноя нояб ноябрь "
    "ноября kas kasım noi лис Νοε Νοέ ",
    " dec december dez dezember déc décembre dic diciembre dezembro dicembre des desember joulu joulukuu jou "
    "gru "
    "grudzień grudnia pro prosinec prosince дек декабрь декабря ara aralık гру Δεκ ",
};

bool is_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x80;
}
bool continues(char c) noexcept {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// Lower case for ASCII, and for the two UTF-8 blocks that month names begin with: Latin-1 letters and
// Cyrillic.
std::string folded(std::string_view text) {
  std::string result = lower(text);
  for (std::size_t i = 0; i + 1 < result.size(); ++i) {
    const auto lead = static_cast<unsigned char>(result[i]);
    const auto trail = static_cast<unsigned char>(result[i + 1]);
    if ((lead == 0xC3 && trail >= 0x80 && trail <= 0x9E) ||
        (lead == 0xD0 && trail >= 0x90 && trail <= 0x9F)) {
      result[i + 1] = static_cast<char>(trail + 0x20);
    } else if (lead == 0xD0 && trail >= 0xA0 && trail <= 0xAF) {
      result[i] = '\xD1';
      result[i + 1] = static_cast<char>(trail - 0x20);
    }
  }
  return result;
}

// Nearly all listings are English; a million lines of them should not search the table above.
int english_number(std::string_view text) noexcept {
  constexpr std::string_view english = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (text.size() != 3) return 0;
  for (std::size_t at = 0; at < english.size(); at += 3) {
    if (equals_ignoring_case(text, english.substr(at, 3))) return static_cast<int>(at / 3) + 1;
  }
  return 0;
}

int find_name(std::string_view name) {
  const std::string wanted = ' ' + std::string(name) + ' ';
  for (std::size_t month = 0; month < names.size(); ++month) {
    if (names[month].find(wanted) != std::string_view::npos) return static_cast<int>(month) + 1;
  }
  return 0;
}

// Windows-1251 and KOI8-R bytes as UTF-8 small letters: both place 32 letters in 0xC0..0xDF and 32 in
// 0xE0..0xFF.
std::string cyrillic(std::string_view text, const std::array<unsigned char, 32>& alphabet) {
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0xC0) return {};
    const unsigned letter = 0x430u + alphabet[byte & 0x1F];
    result += static_cast<char>(0xC0 | (letter >> 6));
    result += static_cast<char>(0x80 | (letter & 0x3F));
  }
  return result;
}

constexpr std::array<unsigned char, 32> windows_1251 = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                                        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
constexpr std::array<unsigned char, 32> koi8_r = {30, 0,  1,  22, 4,  5,  20, 3,  21, 8,  9,
                                                  10, 11, 12, 13, 14, 15, 31, 16, 17, 18, 19,
                                                  6,  2,  28, 27, 7,  24, 29, 25, 23, 26};

// Latin-1 and Latin-2 by elimination: two ASCII letters in the right places leave one name in the table
// whatever the third letter is ("f\xE9v", "m\xE4r", "ao\xFB").
bool matches_with_gaps(std::string_view text, std::string_view name) noexcept {
  std::size_t at = 0;
  for (const char c : text) {
    if (at == name.size()) return false;
    if (is_ascii(c) != is_ascii(name[at]) || (is_ascii(c) && to_lower(c) != name[at])) return false;
    const bool wide = !is_ascii(name[at]);
    ++at;
    while (wide && at < name.size() && continues(name[at])) ++at;
  }
  return at == name.size();
}

int find_with_gaps(std::string_view text) noexcept {
  for (std::size_t month = 0; month < names.size(); ++month) {
    std::string_view rest = names[month];
    while (!rest.empty()) {
      const std::string_view name = cut(rest, ' ');
      if (!name.empty() && matches_with_gaps(text, name)) return static_cast<int>(month) + 1;
    }
  }
  return 0;
}

}  // namespace

int month_number(std::string_view text) {
  constexpr std::size_t longest = 24;
  while (text.ends_with('.') || text.ends_with(',')) text.remove_suffix(1);
  if (text.size() < 3 || text.size() > longest) return 0;
  if (const int month = english_number(text)) return month;
  bool ascii = true;
  std::size_t letters = 0;
  for (const char c : text) {
    if (is_ascii(c) && !is_alpha(c)) return 0;
    ascii = ascii && is_ascii(c);
    if (is_alpha(c)) ++letters;
  }
  if (const int month = find_name(folded(text)); month != 0 || ascii) return month;
  if (letters >= 2) return find_with_gaps(text);
  if (const int month = find_name(cyrillic(text, windows_1251))) return month;
  return find_name(cyrillic(text, koi8_r));
}

}  // namespace ftpfs::proto::listing
