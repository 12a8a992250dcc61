#include <postferry/imap/roles.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <postferry/base/text.h>

namespace postferry::imap {
namespace {

using mail::Role;

struct Usual {
  Role role;
  std::string_view name;  // lower case as far as ASCII goes
};

// Thunderbird, Outlook, Apple Mail, Gmail, Yahoo, GMX, mail.ru, Zimbra and Horde, by language.
constexpr auto usual_names = std::to_array<Usual>({
    {Role::sent, "sent"},
    {Role::sent, "sent items"},
    {Role::sent, "sent mail"},
    {Role::sent, "sent messages"},
    {Role::sent, "sent-mail"},
    {Role::sent, "gesendet"},
    {Role::sent, "gesendete objekte"},
    {Role::sent, "gesendete elemente"},
    {Role::sent, "gesendete nachrichten"},
    {Role::sent, "envoyés"},
    {Role::sent, "éléments envoyés"},
    {Role::sent, "messages envoyés"},
    {Role::sent, "objets envoyés"},
    {Role::sent, "enviados"},
    {Role::sent, "elementos enviados"},
    {Role::sent, "mensajes enviados"},
    {Role::sent, "itens enviados"},
    {Role::sent, "inviata"},
    {Role::sent, "posta inviata"},
    {Role::sent, "inviati"},
    {Role::sent, "verzonden"},
    {Role::sent, "verzonden items"},
    {Role::sent, "verzonden berichten"},
    {Role::sent, "skickat"},
    {Role::sent, "skickade objekt"},
    {Role::sent, "sendt"},
    {Role::sent, "sendte elementer"},
    {Role::sent, "sendt post"},
    {Role::sent, "lähetetyt"},
    {Role::sent, "wysłane"},
    {Role::sent, "elementy wysłane"},
    {Role::sent, "odeslaná pošta"},
    {Role::sent, "odeslané"},
    {Role::sent, "elküldött"},
    {Role::sent, "trimise"},
    {Role::sent, "отправленные"},
    {Role::sent, "Отправленные"},
    {Role::sent, "Надіслані"},
    {Role::sent, "gönderilmiş"},
    {Role::sent, "送信済み"},
    {Role::sent, "送信済みアイテム"},
    {Role::sent, "已发送"},
    {Role::sent, "已发送邮件"},
    {Role::sent, "寄件備份"},
    {Role::sent, "보낸편지함"},

    {Role::drafts, "drafts"},
    {Role::drafts, "draft"},
    {Role::drafts, "entwürfe"},
    {Role::drafts, "entwurf"},
    {Role::drafts, "brouillons"},
    {Role::drafts, "borradores"},
    {Role::drafts, "rascunhos"},
    {Role::drafts, "bozze"},
    {Role::drafts, "concepten"},
    {Role::drafts, "utkast"},
    {Role::drafts, "kladder"},
    {Role::drafts, "luonnokset"},
    {Role::drafts, "szkice"},
    {Role::drafts, "wersje robocze"},
    {Role::drafts, "kopie robocze"},
    {Role::drafts, "koncepty"},
    {Role::drafts, "piszkozatok"},
    {Role::drafts, "ciorne"},
    {Role::drafts, "Черновики"},
    {Role::drafts, "Чернетки"},
    {Role::drafts, "taslaklar"},
    {Role::drafts, "下書き"},
    {Role::drafts, "草稿"},
    {Role::drafts, "草稿箱"},
    {Role::drafts, "임시보관함"},

    {Role::trash, "trash"},
    {Role::trash, "deleted"},
    {Role::trash, "deleted items"},
    {Role::trash, "deleted messages"},
    {Role::trash, "bin"},
    {Role::trash, "papierkorb"},
    {Role::trash, "gelöscht"},
    {Role::trash, "gelöschte objekte"},
    {Role::trash, "gelöschte elemente"},
    {Role::trash, "corbeille"},
    {Role::trash, "éléments supprimés"},
    {Role::trash, "messages supprimés"},
    {Role::trash, "papelera"},
    {Role::trash, "elementos eliminados"},
    {Role::trash, "lixeira"},
    {Role::trash, "lixo"},
    {Role::trash, "itens excluídos"},
    {Role::trash, "cestino"},
    {Role::trash, "posta eliminata"},
    {Role::trash, "prullenbak"},
    {Role::trash, "verwijderde items"},
    {Role::trash, "papperskorgen"},
    {Role::trash, "papirkurv"},
    {Role::trash, "papirkurven"},
    {Role::trash, "roskakori"},
    {Role::trash, "kosz"},
    {Role::trash, "elementy usunięte"},
    {Role::trash, "koš"},
    {Role::trash, "lomtár"},
    {Role::trash, "kuka"},
    {Role::trash, "coș de gunoi"},
    {Role::trash, "Корзина"},
    {Role::trash, "Удаленные"},
    {Role::trash, "Кошик"},
    {Role::trash, "çöp"},
    {Role::trash, "ゴミ箱"},
    {Role::trash, "已删除"},
    {Role::trash, "已删除邮件"},
    {Role::trash, "垃圾桶"},
    {Role::trash, "휴지통"},

    {Role::junk, "junk"},
    {Role::junk, "spam"},
    {Role::junk, "junk e-mail"},
    {Role::junk, "junk email"},
    {Role::junk, "junk mail"},
    {Role::junk, "bulk mail"},
    {Role::junk, "bulk"},
    {Role::junk, "spamverdacht"},
    {Role::junk, "junk-e-mail"},
    {Role::junk, "unerwünscht"},
    {Role::junk, "indésirables"},
    {Role::junk, "courrier indésirable"},
    {Role::junk, "pourriel"},
    {Role::junk, "correo no deseado"},
    {Role::junk, "lixo eletrônico"},
    {Role::junk, "posta indesiderata"},
    {Role::junk, "ongewenste e-mail"},
    {Role::junk, "skräppost"},
    {Role::junk, "søppelpost"},
    {Role::junk, "uønsket e-mail"},
    {Role::junk, "roskaposti"},
    {Role::junk, "wiadomości-śmieci"},
    {Role::junk, "nevyžádaná pošta"},
    {Role::junk, "levélszemét"},
    {Role::junk, "Спам"},
    {Role::junk, "Нежелательная почта"},
    {Role::junk, "迷惑メール"},
    {Role::junk, "垃圾邮件"},
    {Role::junk, "스팸메일함"},

    {Role::archive, "archive"},
    {Role::archive, "archives"},
    {Role::archive, "archived"},
    {Role::archive, "archiv"},
    {Role::archive, "archivo"},
    {Role::archive, "archivio"},
    {Role::archive, "arquivo"},
    {Role::archive, "archief"},
    {Role::archive, "arkiv"},
    {Role::archive, "arkisto"},
    {Role::archive, "archiwum"},
    {Role::archive, "Архив"},
    {Role::archive, "アーカイブ"},
    {Role::archive, "归档"},
});

constexpr auto words = std::to_array<std::pair<std::string_view, Role>>({
    {"inbox", Role::inbox},
    {"sent", Role::sent},
    {"drafts", Role::drafts},
    {"trash", Role::trash},
    {"junk", Role::junk},
    {"archive", Role::archive},
    {"flagged", Role::flagged},
    {"all", Role::all},
    {"none", Role::none},
});

}  // namespace

std::optional<Role> role_of_attribute(std::string_view attribute) {
  if (!attribute.starts_with('\\')) return std::nullopt;
  const auto use = lower(attribute.substr(1));
  if (use == "allmail") return Role::all;  // XLIST, Gmail before RFC 6154
  if (use == "spam") return Role::junk;
  if (use == "starred") return Role::flagged;
  const auto role = role_of_word(use);
  return role == Role::none || role == Role::inbox ? std::nullopt : role;
}

Role role_of_name(std::string_view word) {
  const auto name = lower(word);
  const auto it = std::find_if(usual_names.begin(), usual_names.end(),
                               [&](const Usual& usual) { return usual.name == name || usual.name == word; });
  return it == usual_names.end() ? Role::none : it->role;
}

std::optional<Role> role_of_word(std::string_view word) {
  const auto name = lower(word);
  const auto it =
      std::find_if(words.begin(), words.end(), [&](const auto& known) { return known.first == name; });
  if (it == words.end()) return std::nullopt;
  return it->second;
}

}  // namespace postferry::imap
