// The `train` statement: settings, of which some are kinds with settings of their own.
#include "frontend/StatementParser.h"

using namespace skip::frontend;
using ast::Statement;

/// Rule train-1: `train` is a word of the language only here, where a name would be followed by `=`.
bool StatementParser::startsTraining() const {
  return isAt(TokenKind::Name) && peek().text == "train" && (peek(1).is(TokenKind::Name) || peek(1).is(TokenKind::OpenBrace));
}

/// "train" NAME settings.
Statement *StatementParser::parseTraining() {
  llvm::SMLoc start = peek().range().Start;
  take();
  ast::TrainStatement train{};
  train.output = expectName("the name of the output to train");
  llvm::SMRange head = from(start);
  train.isBroken = failed || !expect(TokenKind::OpenBrace, "`{` and the settings of the training");
  if (!train.isBroken)
    train.settings = parseSettings(tokens[at - 1]);
  ast::TrainStatement *result = finish(train, Statement::Kind::Train, start);
  result->range = head;
  return result;
}

/// Rule train-3: a comma stands between settings, or the next one begins a line. One that could not be read costs no other.
llvm::ArrayRef<ast::Setting> StatementParser::parseSettings(const Token &open) {
  llvm::SmallVector<ast::Setting, 8> settings;
  while (!isAt(TokenKind::CloseBrace) && !failed) {
    ast::Setting setting = parseSetting();
    if (!setting.name.text.empty())
      settings.push_back(setting);
    limitCount(settings.size(), "settings");
    if (failed)
      skipSetting();
    if (accept(TokenKind::Comma) || startsAssignment())
      continue;
    if (!isAt(TokenKind::Name) || !peek(1).is(TokenKind::Assign))
      break;
    unexpected("`,` or a new line between two settings");
    failed = false; // the next one begins here all the same
  }
  if (!expectClosing(TokenKind::CloseBrace, open))
    skipSettings();
  return arena.copy(llvm::ArrayRef<ast::Setting>(settings));
}

/// To the comma, line or brace behind a setting that could not be read.
void StatementParser::skipSetting() {
  unsigned open = 0;
  while (!isAt(TokenKind::EndOfFile) && !startsOtherStatement()) {
    if (!open && (isAt(TokenKind::Comma) || isAt(TokenKind::CloseBrace) || startsAssignment())) {
      failed = false;
      return;
    }
    if (isAt(TokenKind::OpenBrace) || isAt(TokenKind::OpenBracket) || isAt(TokenKind::OpenParen))
      ++open;
    if (open && (isAt(TokenKind::CloseBrace) || isAt(TokenKind::CloseBracket) || isAt(TokenKind::CloseParen)))
      --open;
    take();
  }
}

/// To the brace that closes the settings, over braces within.
void StatementParser::skipSettings() {
  unsigned open = 0;
  while (!isAt(TokenKind::EndOfFile) && !startsOtherStatement()) {
    if (isAt(TokenKind::OpenBrace))
      ++open;
    bool closes = isAt(TokenKind::CloseBrace) && open-- == 0;
    take();
    if (closes) {
      failed = false;
      return;
    }
  }
}

/// NAME "=" value. The value is null when it could not be read.
ast::Setting StatementParser::parseSetting() {
  ast::Setting setting{};
  setting.name = expectName("the name of a setting");
  if (failed || !expect(TokenKind::Assign))
    return setting;
  const ast::SettingValue *value = parseSettingValue();
  setting.value = failed ? nullptr : value;
  return setting;
}

/// "if" condition "then" value "else" value | NAME settings | value of an option.
const ast::SettingValue *StatementParser::parseSettingValue() {
  Nesting nesting(*this);
  llvm::SMLoc start = peek().range().Start;
  ast::SettingValue value{};
  if (nesting.tooDeep())
    return nullptr;
  if (isAt(TokenKind::Name) && peek(1).is(TokenKind::OpenBrace)) {
    value.kind = ast::SettingValue::Kind::Settings;
    value.name = expectName("a kind");
    value.settings = parseSettings(take());
  } else if (isAt(TokenKind::If) && !labelLength()) {
    value.kind = ast::SettingValue::Kind::Choice;
    take();
    value.condition = parseChain(0);
    value.yes = expect(TokenKind::Then) ? parseSettingValue() : nullptr;
    value.no = !failed && expect(TokenKind::Else) ? parseSettingValue() : nullptr;
  } else {
    value.kind = ast::SettingValue::Kind::Plain;
    value.plain = parseOptionValue();
  }
  value.range = from(start);
  return arena.make(value);
}
