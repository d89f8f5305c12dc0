// SPDX-License-Identifier: LGPL-2.1-or-later
// See title_text.h. Measured by the same Pango that textoverlay draws with.
#include "title_text.h"

#include "base/ref.h"
#include "base/words.h"

#include <pango/pangocairo.h>

namespace aigc::runner {
namespace {

constexpr int kFewLines = 2, kMostLines = 4;

struct FreeFont {
  void operator()(PangoFontDescription* font) const { pango_font_description_free(font); }
};

class Setter {
 public:
  Setter(const std::string& text, const std::string& font, const std::string& language)
      : text_(text), font_(pango_font_description_from_string(font.c_str())) {
    const auto context = adopt(pango_font_map_create_context(pango_cairo_font_map_get_default()));
    if (!language.empty())
      pango_context_set_language(context.get(), pango_language_from_string(language.c_str()));
    layout_ = adopt(pango_layout_new(context.get()));
    pango_layout_set_wrap(layout_.get(), PANGO_WRAP_WORD_CHAR);
    pango_layout_set_text(layout_.get(), text_.data(), static_cast<int>(text_.size()));
  }

  /// Returns the number of lines.
  int set(int size, int width) {
    pango_font_description_set_absolute_size(font_.get(), double(size) * PANGO_SCALE);
    pango_layout_set_font_description(layout_.get(), font_.get());
    pango_layout_set_width(layout_.get(), width * PANGO_SCALE);
    return pango_layout_get_line_count(layout_.get());
  }

  bool fits(const TitleSpace& space) const {
    int width = 0, height = 0;
    pango_layout_get_pixel_size(layout_.get(), &width, &height);
    return width <= space.width && height <= space.height;
  }

  TitleText result(int size) const {
    TitleText title{.size = size};
    pango_layout_get_pixel_size(layout_.get(), nullptr, &title.height);
    for (GSList* at = pango_layout_get_lines_readonly(layout_.get()); at; at = at->next) {
      const auto* line = static_cast<const PangoLayoutLine*>(at->data);
      title.lines.emplace_back(
          trimmed(std::string_view(text_).substr(size_t(line->start_index), size_t(line->length))));
    }
    return title;
  }

 private:
  const std::string text_;
  std::unique_ptr<PangoFontDescription, FreeFont> font_;
  Ref<PangoLayout> layout_;
};

/// The narrowest width that takes no more lines: none of them is left with a single word.
void even_out(Setter& setter, int size, int lines, int width) {
  int low = width / (lines + 1), high = width;
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (setter.set(size, middle) <= lines ? high : low) = middle;
  }
  setter.set(size, high);
}

} // namespace

TitleText set_title(const std::string& text, const std::string& font, const std::string& language,
                    const TitleSpace& space) {
  Setter setter(text, font, language);
  for (const int most : {kFewLines, kMostLines})
    for (int size = space.largest; size >= space.smallest; --size) {
      const int lines = setter.set(size, space.width);
      if (lines > most || !setter.fits(space)) continue;
      even_out(setter, size, lines, space.width);
      return setter.result(size);
    }
  return {};
}

std::string title_markup(const TitleText& title, const std::string& language) {
  std::string text;
  for (const auto& line : title.lines) {
    // textoverlay draws only what is left of a line break it reads itself.
    text += text.empty() ? "" : "&#10;";
    text += take_string(g_markup_escape_text(line.data(), static_cast<gssize>(line.size())));
  }
  if (language.empty()) return text;
  const std::string tag =
      take_string(g_markup_escape_text(language.data(), static_cast<gssize>(language.size())));
  return "<span lang=\"" + tag + "\">" + text + "</span>";
}

} // namespace aigc::runner
