"""Exercises of lecture 2: cleaning, regular expressions, Unicode and tokenizing (taught in lecture 2)."""

from klue_helpers.exercises.frame import Case, Exercise

_NFD_SEOUL = "\u1109\u1165\u110b\u116e\u11af"
_NFD_SEA = "\u1107\u1161\u1103\u1161"
_NFD_REVIEW = "\u110b\u1167\u1112\u1161\u11ab이 길다"  # 여한이 길다, the first word decomposed

_Q1 = '''import unicodedata

def leaked(train, test):
    def key(text):
        return unicodedata.normalize("NFC", "".join(text.split()))

    seen = {key(text) for text in train}
    return [text for text in test if key(text) in seen]'''

q1 = Exercise(
    name="q1",
    title="학습 자료에서 새어 나온 글 찾기",
    question=(
        "평가 자료에 학습 자료와 같은 글이 섞여 있으면 점수가 부풀려집니다. 띄어쓰기나 정규형만 다른 글도 같은 글로 "
        "보아야 합니다. 함수 `leaked(train, test)`를 완성하세요. `test`의 글 가운데 공백(스페이스, 탭, 줄바꿈)을 "
        "모두 없애고 NFC로 바꾸었을 때 `train`의 어떤 글과 똑같아지는 글을, **원래 모습 그대로**, `test`에 나온 "
        "순서대로 리스트에 담아 돌려줍니다. 같은 글이 `test`에 두 번 나오면 두 번 담습니다."
    ),
    answer="leaked",
    blank='import unicodedata\n\ndef leaked(train, test):\n    ...  # 여기를 채우세요',
    source=_Q1,
    explanation=(
        "견줄 때는 공백을 없앤 NFC 문자열을 쓰고, 돌려줄 때는 원래 글을 씁니다. `train`의 문자열을 set에 담아 두면 "
        "글이 아무리 많아도 하나를 찾는 시간이 거의 늘지 않습니다."
    ),
    hints=(
        "글을 견주기 좋은 문자열로 바꾸는 작은 함수를 먼저 만들어 보세요.",
        '"".join(text.split())은 스페이스, 탭, 줄바꿈을 모두 없앱니다. 그다음 unicodedata.normalize로 NFC를 만듭니다.',
        "train의 글을 그렇게 바꾸어 set에 모은 다음, test를 차례로 돌며 바꾼 글이 그 안에 있는지 봅니다.",
    ),
    cases=(
        Case((["결말이 아쉽다"], ["음악이 좋다", "결말이 아쉽다"]), ["결말이 아쉽다"],
             "test의 글 가운데 train에도 있는 글만, 리스트로 돌려주어야 합니다."),
        Case((["다시 봐도 명작"], ["다시봐도 명작", "처음 봤다"]), ["다시봐도 명작"],
             "띄어쓰기만 다른 글도 같은 글입니다. 단, 돌려줄 때는 test에 있던 모습 그대로여야 합니다."),
        Case((["음악이 좋다"], ["음악이\t좋다", "음악이\n좋다"]), ["음악이\t좋다", "음악이\n좋다"],
             "탭과 줄바꿈도 공백입니다. replace(' ', '')는 스페이스만 없앱니다."),
        Case((["여한이 길다"], [_NFD_REVIEW]), [_NFD_REVIEW],
             "정규형을 맞추어야 합니다. NFD로 적힌 글은 눈에 같아 보여도 == 로는 다릅니다."),
        Case((["나", "가"], ["나", "다", "가", "나"]), ["나", "가", "나"],
             "test에 나온 순서와 횟수를 지켜야 합니다. set을 결과로 쓰면 둘 다 사라집니다."),
        Case((["다시 봐도 명작"], ["명작", ""]), [],
             "일부만 겹치는 글은 같은 글이 아닙니다. 글 전체가 같아야 합니다."),
    ),
    wrong=(
        ("def leaked(train, test):\n    return [text for text in test if text in train]", "띄어쓰기만 다른 글도"),
        ("def leaked(train, test):\n    return set(train) & set(test)", "나온 자료형: set, 필요한 자료형: list"),
        (_Q1.replace('"".join(text.split())', 'text.replace(" ", "")'), "스페이스만 없앱니다"),
        (_Q1.replace('unicodedata.normalize("NFC", "".join(text.split()))', '"".join(text.split())'),
         "정규형을 맞추어야"),
        (_Q1.replace("[text for", "[key(text) for"), "공백만 다릅니다"),
        (_Q1.replace("return [text for text in test", "return [text for text in dict.fromkeys(test)"), "순서와 횟수"),
        (_Q1.replace("key(text) in seen", "any(key(text) in s for s in seen)"), "일부만 겹치는"),
    ),
)

q2 = Exercise(
    name="q2",
    title="문장에서 금액 찾기",
    question=(
        "함수 `find_prices(sentence)`를 완성하세요. 문장에 나온 금액을 모두, 나온 순서대로 문자열 리스트로 "
        "돌려줍니다. `900원`, `12,000원`, `1만2천원`, `3만 5천원`, `3만 원`처럼 쉼표와 만·천이 들어가고 띄어 쓴 "
        "금액도 찾아야 합니다. 원 뒤에는 조사나 말끝(은, 이, 을, 에, 의, 도, 만, 짜리, 입니다)이 붙을 수 있는데, "
        "결과에는 `원`까지만 담습니다. `2024년`, `제5원소`, `3원칙`은 금액이 아닙니다. 금액이 없으면 빈 리스트입니다."
    ),
    answer="find_prices",
    blank='import re\n\ndef find_prices(sentence):\n    ...  # 여기를 채우세요',
    source='''import re

def find_prices(sentence):
    number = r"\\d[\\d,]*(?:[만천] ?\\d[\\d,]*)*[만천]?"
    ending = r"(?:은|이|을|에|의|도|만|짜리|입니다)"
    return re.findall(number + r" ?원" + rf"(?={ending}|[^가-힣]|$)", sentence)''',
    explanation=(
        "수는 숫자로 시작해 만·천을 사이에 두고 이어집니다. 원 뒤에 오는 말은 전방 탐색(lookahead) `(?=…)`으로 "
        "보기만 하고 결과에 넣지 않습니다. 한글도 `\\w`라서 `\\b`는 원과 조사 사이를 경계로 보지 않으므로, 뒤에 올 "
        "수 있는 말을 직접 적었습니다."
    ),
    hints=(
        "쉼표가 든 수는 \\d[\\d,]* 로 찾습니다. 여기에 만·천이 붙는 경우를 더해 보세요.",
        "묶을 때는 (?:…)을 쓰세요. (…)가 있으면 findall은 괄호 안만 돌려줍니다.",
        "원 뒤에 무엇이 오는지는 (?=…)로 확인만 합니다. 조사이거나, 한글이 아니거나([^가-힣]), 문장의 끝($)입니다.",
    ),
    cases=(
        Case(("표 12,000원, 팝콘 900원.",), ["12,000원", "900원"],
             "쉼표도 수의 일부입니다. 빈 문자열이나 튜플이 나왔다면 findall이 괄호 안만 돌려준 것이니 (?:…)로 "
             "묶으세요."),
        Case(("3만 5천원 또는 1만2천원, 현금 3만 원",), ["3만 5천원", "1만2천원", "3만 원"],
             "만·천과 그 뒤의 띄어쓰기, 원 앞의 띄어쓰기까지 한 금액입니다."),
        Case(("9,000원을 냈는데 2만원짜리 굿즈도 900원입니다",), ["9,000원", "2만원", "900원"],
             "원 뒤에 조사가 붙어도 찾아야 합니다. 한글은 모두 \\w라서 원\\b로는 9,000원을에서 금액을 놓칩니다."),
        Case(("2024년에 다시 본 제5원소와 로봇 3원칙",), [],
             "원소와 원칙의 원은 돈이 아닙니다. 원 뒤에 올 수 있는 말을 (?=…)로 정해 보세요."),
        Case(("2024 신작 3편에 만 원도 안 썼다",), [],
             "금액은 숫자로 시작합니다. 떨어져 있는 숫자와 원을 잇지 마세요."),
        Case(("3원색 포스터와 5원화가 그려진 입장권",), [],
             "원으로 시작하는 낱말은 끝이 없습니다. 안 되는 말을 하나씩 적지 말고, 원 뒤에 올 수 있는 말을 적으세요."),
    ),
    wrong=(
        ("import re\ndef find_prices(s):\n    return re.findall(r'\\d+원', s)", "쉼표도 수의 일부"),
        ("import re\ndef find_prices(s):\n    return re.findall(r'[\\d,]+원', s)", "만·천과 그 뒤의 띄어쓰기"),
        ("import re\ndef find_prices(s):\n    return re.findall(r'[\\d,만천 ]+원', s)", "공백만 다릅니다"),
        ("import re\ndef find_prices(s):\n    return re.findall(r'\\d[\\d,]*([만천] ?\\d[\\d,]*)*[만천]? ?원', s)",
         "괄호 안만 돌려준"),
        ("import re\ndef find_prices(s):\n    return re.findall(r'\\d[\\d,]*(?:[만천] ?\\d[\\d,]*)*[만천]? ?원\\b', s)",
         "금액을 놓칩니다"),
        ("import re\ndef find_prices(s):\n    return re.findall(r'\\d[\\d,]*(?:[만천] ?\\d[\\d,]*)*[만천]? ?원', s)",
         "원소와 원칙의 원은"),
        ("import re\ndef find_prices(s):\n"
         "    return re.findall(r'\\d[\\d,]*(?:[만천] ?\\d[\\d,]*)*[만천]? ?원(?!소)', s)", "원소와 원칙의 원은"),
        ("import re\ndef find_prices(s):\n"
         "    return re.findall(r'\\d[\\d,]*(?:[만천] ?\\d[\\d,]*)*[만천]? ?원(?!소|칙)', s)",
         "올 수 있는 말을 적으세요"),
    ),
)

q3 = Exercise(
    name="q3",
    title="되풀이된 글자 줄이기",
    question=(
        "ㅋㅋㅋ와 ㅋㅋㅋㅋㅋㅋ를 다른 토큰으로 보면 어휘가 끝없이 늘어납니다. 함수 `squeeze(text)`를 완성하세요. `ㅋ "
        "ㅎ ㅠ ㅜ ! ?` 가운데 **같은 글자**가 셋 이상 이어지면 두 개로 줄이고, 나머지는 그대로 둡니다. 특히 "
        "`1000원`이나 `2000년` 같은 수가 달라지면 안 됩니다."
    ),
    answer="squeeze",
    blank='import re\n\ndef squeeze(text):\n    ...  # 여기를 채우세요',
    source='''import re

def squeeze(text):
    return re.sub(r"([ㅋㅎㅠㅜ!?])\\1{2,}", r"\\1\\1", text)''',
    explanation=(
        "괄호가 잡은 글자를 역참조(backreference) `\\1`로 다시 불러, 바로 그 글자가 두 번 이상 더 이어질 때만 "
        "바꿉니다. 줄일 글자를 대괄호 안에 적어 두었으므로 숫자는 건드리지 않습니다."
    ),
    hints=(
        "re.sub(찾을 것, 바꿀 것, text)를 씁니다. 줄일 글자는 대괄호 안에 적습니다.",
        "(…)로 잡은 글자는 \\1로 다시 부를 수 있습니다. 패턴과 바꿀 문자열 앞에 r을 붙였는지 살펴보세요.",
        r"잡은 글자가 두 번 이상 더 이어진다는 것은 \1{2,} 로 씁니다.",
    ),
    cases=(
        Case(("재밌다ㅋㅋㅋㅋㅋ",), "재밌다ㅋㅋ",
             "다섯 개든 열 개든 두 개로 줄여야 합니다. 그대로라면 패턴 앞에 r을 붙였는지 살펴보세요."),
        Case(("최고!!!! 왜 이제 봤지??? ㅎㅎㅎ",), "최고!! 왜 이제 봤지?? ㅎㅎ",
             "ㅋ뿐 아니라 ㅎ ㅠ ㅜ ! ?도 줄입니다."),
        Case(("1000원으로 본 2000년 영화",), "1000원으로 본 2000년 영화", "숫자를 줄이면 1000원이 100원이 됩니다."),
        Case(("ㅋ 하나, ㅎㅎ 둘",), "ㅋ 하나, ㅎㅎ 둘", "한두 개는 그대로 둡니다. 하나를 둘로 늘려서도 안 됩니다."),
        Case(("슬퍼ㅠㅠㅠㅜㅜㅜ 정말?!?!",), "슬퍼ㅠㅠㅜㅜ 정말?!?!",
             "ㅠ와 ㅜ, ?와 !는 서로 다른 글자입니다. 같은 글자의 되풀이는 \\1로 찾습니다."),
        Case(("아아아 길다... www",), "아아아 길다... www", "정해 둔 여섯 글자 말고는 줄이지 않습니다."),
    ),
    wrong=(
        ("import re\ndef squeeze(text):\n    return re.sub(r'(.)\\1{2,}', r'\\1\\1', text)", "1000원이 100원"),
        ("import re\ndef squeeze(text):\n    return re.sub('([ㅋㅎㅠㅜ!?])\\1{2,}', '\\1\\1', text)", "r을 붙였는지"),
        ("def squeeze(text):\n    return text.replace('ㅋㅋㅋ', 'ㅋㅋ')", "두 개로 줄여야"),
        ("import re\ndef squeeze(text):\n    return re.sub(r'ㅋ{3,}', 'ㅋㅋ', text)", "ㅋ뿐 아니라"),
        ("import re\ndef squeeze(text):\n    return re.sub(r'([ㅋㅎㅠㅜ!?])\\1*', r'\\1\\1', text)",
         "하나를 둘로 늘려서도"),
        ("import re\ndef squeeze(text):\n    return re.sub(r'[ㅋㅎㅠㅜ!?]{3,}', lambda m: m[0][:2], text)",
         "서로 다른 글자"),
        ("import re\ndef squeeze(text):\n    return re.sub(r'(\\D)\\1{2,}', r'\\1\\1', text)", "여섯 글자 말고는"),
    ),
)

_Q4 = '''import unicodedata

def attach(noun, with_final, without_final):
    noun = unicodedata.normalize("NFC", noun)
    last = noun[-1]
    has_final = "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 != 0
    return noun + (with_final if has_final else without_final)'''

q4 = Exercise(
    name="q4",
    title="받침을 셈해 조사 붙이기",
    question=(
        "함수 `attach(noun, with_final, without_final)`를 완성하세요. 명사의 마지막 글자에 받침이 있으면 "
        "`with_final`(을, 이, 은), 없으면 `without_final`(를, 가, 는)을 붙여 돌려줍니다. 한글 음절은 "
        "`가`(U+AC00)부터 28개마다 받침 없는 글자가 오도록 늘어서 있습니다. NFD로 적힌 명사도 받아 **결과는 NFC로** "
        "돌려주고, 마지막 글자가 한글 음절이 아니면 받침이 없는 것으로 봅니다. 명사는 비어 있지 않습니다."
    ),
    answer="attach",
    blank='import unicodedata\n\ndef attach(noun, with_final, without_final):\n    ...  # 여기를 채우세요',
    source=_Q4,
    explanation=(
        "음절의 차례는 (초성 × 21 + 중성) × 28 + 종성입니다. 그래서 '가'를 0으로 놓고 28로 나눈 나머지가 곧 종성의 "
        "번호이고, 0이면 받침이 없습니다. 먼저 NFC로 합치지 않으면 마지막 글자가 음절이 아니라 자모 하나가 됩니다."
    ),
    hints=(
        "ord(글자)는 코드 포인트를 돌려줍니다. ord(\"가\")를 빼면 음절의 차례가 됩니다.",
        "차례를 28로 나눈 나머지가 0이면 받침이 없습니다.",
        "NFC로 바꾼 다음 마지막 글자를 보고, \"가\" <= last <= \"힣\"인지 먼저 확인하세요.",
    ),
    cases=(
        Case(("서울", "을", "를"), "서울을", "'울'에는 받침 ㄹ이 있습니다. 명사에 조사를 이어 붙여 돌려주세요."),
        Case(("바다", "을", "를"), "바다를",
             "'다'에는 받침이 없습니다. ord(글자)에서 ord('가')를 뺀 뒤 28로 나누었는지 살펴보세요."),
        Case(("고양이", "이", "가"), "고양이가",
             "'이'에는 받침이 없습니다. 첫째 조사는 받침이 있을 때, 둘째는 없을 때 씁니다."),
        Case(("닭", "은", "는"), "닭은", "겹받침도 받침 하나로 셉니다."),
        Case((_NFD_SEOUL, "을", "를"), "서울을",
             "NFD에서 마지막 글자는 자모입니다. 먼저 NFC로 합치고 결과도 NFC로 돌려주세요."),
        Case((_NFD_SEA, "은", "는"), "바다는",
             "NFD에서 마지막 글자는 자모입니다. 먼저 NFC로 합치고 결과도 NFC로 돌려주세요."),
        Case(("OST", "을", "를"), "OST를", "마지막 글자가 한글 음절인지 먼저 확인해야 합니다."),
        Case(("ㅋㅋ", "이", "가"), "ㅋㅋ가", "낱자 ㅋ은 음절이 아닙니다. '가'와 '힣' 사이인지 확인하세요."),
        Case(("치킨🍗", "을", "를"), "치킨🍗를", "그림 글자는 '힣'보다 뒤에 있습니다. '가'보다 뒤인지만 보지 마세요."),
    ),
    wrong=(
        (_Q4.replace(' - ord("가")', ""), "ord('가')를 뺀 뒤"),
        (_Q4.replace("!= 0", "== 0"), "받침 ㄹ이 있습니다"),
        (_Q4.replace("noun + (", "("), "조사를 이어 붙여"),
        (_Q4.replace('unicodedata.normalize("NFC", noun)', "noun"), "먼저 NFC로 합치고"),
        (_Q4.replace("    noun = ", "    last = ").replace("last = noun[-1]", "last = last[-1]"), "정규형(NFC, NFD)이"),
        (_Q4.replace('"가" <= last <= "힣" and ', ""), "한글 음절인지 먼저"),
        (_Q4.replace('"가" <= last <= "힣"', 'last >= "가"'), "'힣'보다 뒤에"),
    ),
)

_BACKTRACKING = '''def longest_pieces(word, vocab, mark=""):
    for end in range(len(word), 0, -1):
        if mark + word[:end] in vocab:
            rest = longest_pieces(word[end:], vocab, "##") if word[end:] else []
            if rest != ["[UNK]"]:
                return [mark + word[:end]] + rest
    return ["[UNK]"]'''

_Q5 = '''def longest_pieces(word, vocab):
    pieces, start = [], 0
    while start < len(word):
        for end in range(len(word), start, -1):
            piece = ("##" if start else "") + word[start:end]
            if piece in vocab:
                break
        else:
            return ["[UNK]"]
        pieces.append(piece)
        start = end
    return pieces'''

q5 = Exercise(
    name="q5",
    title="WordPiece의 가장 긴 조각부터 자르기",
    question=(
        "함수 `longest_pieces(word, vocab)`를 완성하세요. 낱말의 앞에서부터 어휘 집합 `vocab`에 있는 **가장 긴** 조각을"
        " 떼고, 남은 부분에서도 되풀이합니다. 낱말의 처음이 아닌 조각은 `##`를 붙인 꼴로 찾고 그대로 담습니다. 어느 "
        "자리에서든 맞는 조각이 하나도 없으면 앞에서 뗀 조각도 버리고 `[\"[UNK]\"]`를 돌려줍니다."
    ),
    answer="longest_pieces",
    blank='def longest_pieces(word, vocab):\n    ...  # 여기를 채우세요',
    source=_Q5,
    explanation=(
        "끝을 낱말의 끝에서부터 한 글자씩 당기므로 처음 맞는 조각이 가장 긴 조각입니다. for가 break 없이 끝나면 맞는 "
        "조각이 없다는 뜻이라 낱말 전체가 `[UNK]`가 됩니다. 한번 뗀 조각을 되돌리지 않는 탐욕적(greedy) 방법이라서, "
        "다르게 자르면 되는 낱말도 `[UNK]`가 될 수 있습니다."
    ),
    hints=(
        "start를 0에서 시작해, word[start:end]가 vocab에 있는지를 end를 len(word)부터 줄여 가며 봅니다.",
        "start가 0보다 크면 조각 앞에 ##를 붙여서 찾습니다.",
        "끝까지 못 찾으면 그 자리에서 [\"[UNK]\"]를 돌려주세요. 그러지 않으면 while이 끝나지 않습니다.",
    ),
    cases=(
        Case(("영화", {"영화", "##화"}), ["영화"], "낱말이 통째로 어휘에 있으면 조각은 하나입니다."),
        Case(("봄비가", {"봄", "봄비", "##비", "##가"}), ["봄비", "##가"],
             "봄보다 봄비가 더 깁니다. 가장 긴 조각부터 찾고, 처음이 아닌 조각에는 ##를 붙입니다."),
        Case(("영화관람객", {"영화", "##관", "##관람", "##객"}), ["영화", "##관람", "##객"],
             "이어지는 조각도 가장 긴 것부터 찾습니다."),
        Case(("봄눈", {"봄", "눈"}), ["[UNK]"],
             "낱말 안의 눈은 ##눈으로 찾아야 하는데 어휘에 없습니다. 한 자리라도 막히면 낱말 전체가 [UNK] 하나입니다."),
        Case(("나무꾼", {"나", "나무", "##무꾼"}), ["[UNK]"],
             "나무를 떼면 ##꾼이 없어 막힙니다. WordPiece는 되돌아가 나를 다시 떼어 보지 않습니다."),
    ),
    wrong=(
        ("def longest_pieces(word, vocab):\n    return [word] if word in vocab else ['[UNK]']",
         "봄보다 봄비가 더 깁니다"),
        (_Q5.replace("range(len(word), start, -1)", "range(start + 1, len(word) + 1)"), "가장 긴 조각부터"),
        (_Q5.replace('return ["[UNK]"]', 'return pieces + ["[UNK]"]'), "낱말 전체가 [UNK] 하나"),
        (_Q5.replace('("##" if start else "") + ', ""), "##를 붙입니다"),
        (_Q5.replace("pieces.append(piece)", "pieces.append(word[start:end])"), "##를 붙입니다"),
        (_BACKTRACKING, "되돌아가 나를 다시"),
    ),
)

_PER_TEXT = '''def unknown_rate(tokenize, train, test):
    known = {token for text in train for token in tokenize(text)}
    rates = []
    for text in test:
        tokens = tokenize(text)
        rates.append(sum(token not in known for token in tokens) / max(len(tokens), 1))
    return sum(rates) / len(rates)'''

_Q6 = '''def unknown_rate(tokenize, train, test):
    known = {token for text in train for token in tokenize(text)}
    tokens = [token for text in test for token in tokenize(text)]
    if not tokens:
        return 0.0
    return sum(token not in known for token in tokens) / len(tokens)'''

q6 = Exercise(
    name="q6",
    title="모르는 토큰의 비율 재기",
    question=(
        "함수 `unknown_rate(tokenize, train, test)`를 완성하세요. `tokenize`는 글 하나를 토큰 리스트로 바꾸는 "
        "함수이고, `train`과 `test`는 글의 리스트입니다. `test`의 모든 토큰 가운데 `train`에 한 번도 나오지 않은 "
        "토큰의 비율을 0과 1 사이의 수로 돌려줍니다. 종류(type)가 아니라 나온 횟수(token)로 셉니다. `test`에 토큰이 "
        "하나도 없으면 0.0입니다."
    ),
    answer="unknown_rate",
    blank='def unknown_rate(tokenize, train, test):\n    ...  # 여기를 채우세요',
    source=_Q6,
    explanation=(
        "어휘는 `train`에서만 만들고, `test`의 토큰은 되풀이된 것까지 모두 세어 한 번에 나눕니다. 같은 함수에 어절, "
        "음절, WordPiece를 차례로 넣으면 토크나이저를 같은 잣대로 견줄 수 있습니다."
    ),
    hints=(
        "train의 토큰을 set에 모으면 어휘가 됩니다.",
        "test의 토큰은 리스트에 모읍니다. set에 모으면 횟수가 사라집니다.",
        "어휘에 없는 토큰의 수를 전체 토큰의 수로 나눕니다. 나누기 전에 토큰이 있는지 확인하세요.",
    ),
    cases=(
        Case((str.split, ["음악이 정말 좋다"], ["음악은 정말 좋다"]), 1 / 3,
             "토큰 셋 가운데 '음악은'만 train에 없습니다. 백분율이 아니라 0과 1 사이의 비율로 돌려주세요."),
        Case((str.split, ["음악이 정말 좋다"], ["음악은 정말 정말 좋다"]), 0.25,
             "'정말'이 두 번 나왔으니 토큰은 넷입니다. 종류가 아니라 횟수로 셉니다."),
        Case((list, ["영화가 좋다"], ["영화를 좋다"]), 1 / 6,
             "글을 자를 때 늘 tokenize를 써야 합니다. list로 자르면 공백까지 여섯 토큰입니다."),
        Case((str.split, ["좋다"], ["좋다", "정말 좋다 최고다"]), 0.5,
             "글마다 비율을 내어 평균하지 말고, 모든 글의 토큰을 모아 한 번에 나눕니다."),
        Case((str.split, ["좋다"], ["", "  "]), 0.0,
             "토큰이 하나도 없으면 0으로 나누게 됩니다. 먼저 확인하고 0.0을 돌려주세요."),
    ),
    wrong=(
        (_Q6.replace("return sum", "return 100 * sum"), "백분율이 아니라"),
        (_Q6.replace("tokens = [token for text in test for token in tokenize(text)]",
                     "tokens = {token for text in test for token in tokenize(text)}"), "종류가 아니라 횟수로"),
        (_Q6.replace("not in known", "in known"), "'음악은'만 train에 없습니다"),
        (_Q6.replace("tokenize(text)", "text.split()"), "늘 tokenize를 써야"),
        (_Q6.replace("    if not tokens:\n        return 0.0\n", ""), "ZeroDivisionError"),
        (_PER_TEXT, "글마다 비율을 내어"),
    ),
)

q7 = Exercise(
    name="q7",
    title="정규형마다 길이 예측하기",
    question=(
        "다음 글을 NFC, NFD, NFKC로 정규화하면 `len()`이 각각 얼마일까요? 코드로 재기 전에 **먼저 예측해** 수를 "
        "채우세요. `㎏`은 한 글자짜리 단위 기호이고, `ㅎㅏ`는 낱자 ㅎ과 ㅏ를 따로 친 것입니다."
    ),
    answer="answer",
    blank='''answer = {                   # 글: (NFC, NFD, NFKC)
    "바다": (..., ..., ...),   # 여기를 채우세요
    "닭": (..., ..., ...),
    "ㅋㅋㅋ": (..., ..., ...),
    "㎏": (..., ..., ...),
    "ㅎㅏ": (..., ..., ...),
}''',
    source='''answer = {                   # 글: (NFC, NFD, NFKC)
    "바다": (2, 4, 2),
    "닭": (1, 3, 1),
    "ㅋㅋㅋ": (3, 3, 3),
    "㎏": (1, 1, 2),
    "ㅎㅏ": (2, 2, 1),
}''',
    explanation=(
        "NFC와 NFD는 음절과 조합형 자모 사이만 오가고 자판의 낱자는 건드리지 않습니다. NFKC는 호환 문자까지 바꾸어 "
        "㎏을 kg으로 풀고, ㅎㅏ를 하로 붙여 버립니다. ㅋㅋㅋ도 길이는 3이지만 NFKC를 거치면 U+314B가 U+110F로 바뀌어 "
        "다른 글자가 됩니다. 길이가 같다고 같은 글은 아닙니다."
    ),
    hints=(
        "NFD는 음절을 초성, 중성, 종성으로 풉니다. 겹받침은 종성 하나입니다.",
        "자판으로 친 ㅋ, ㅎ, ㅏ는 호환 자모라서 NFC와 NFD에서는 그대로입니다.",
        "NFKC의 K는 호환(compatibility)입니다. 모양만 다른 기호를 풀고 호환 자모를 조합형 자모로 바꾼 다음, 합칠 "
        "수 있으면 합칩니다.",
    ),
    cases=(
        Case(("바다",), (2, 4, 2),
             "len()은 바이트가 아니라 코드 포인트를 셉니다. NFD에서 바는 ㅂ과 ㅏ, 다는 ㄷ과 ㅏ가 됩니다."),
        Case(("닭",), (1, 3, 1), "받침 ㄺ은 조합형 자모로 하나(U+11B0)입니다."),
        Case(("ㅋㅋㅋ",), (3, 3, 3),
             "자판으로 친 ㅋ은 호환 자모입니다. 호환 자모 하나는 어느 정규형에서도 코드 포인트 하나입니다."),
        Case(("㎏",), (1, 1, 2), "㎏은 호환 문자입니다. NFC와 NFD는 그대로 두고 NFKC만 kg으로 풉니다."),
        Case(("ㅎㅏ",), (2, 2, 1), "NFC는 낱자를 붙이지 않지만, NFKC는 조합형으로 바꾼 뒤 음절로 붙입니다."),
    ),
    wrong=(
        ("answer = {'바다': (6, 12, 6), '닭': (3, 9, 3), 'ㅋㅋㅋ': (9, 9, 9), '㎏': (3, 3, 2), 'ㅎㅏ': (6, 6, 3)}",
         "바이트가 아니라"),
        ("answer = {'바다': (2, 4, 2), '닭': (1, 4, 1), 'ㅋㅋㅋ': (3, 3, 3), '㎏': (1, 1, 2), 'ㅎㅏ': (2, 2, 1)}",
         "받침 ㄺ은"),
        ("answer = {'바다': (2, 4, 2), '닭': (1, 3, 1), 'ㅋㅋㅋ': (3, 3, 3), '㎏': (1, 2, 2), 'ㅎㅏ': (2, 2, 1)}",
         "㎏은 호환 문자"),
        ("answer = {'바다': (2, 4, 2), '닭': (1, 3, 1), 'ㅋㅋㅋ': (3, 3, 3), '㎏': (1, 1, 2), 'ㅎㅏ': (1, 2, 1)}",
         "NFC는 낱자를 붙이지 않지만"),
        ("answer = {'바다': (2, 4, 2), '닭': 3, 'ㅋㅋㅋ': (3, 3, 3), '㎏': (1, 1, 2), 'ㅎㅏ': (2, 2, 1)}",
         "나온 자료형: int, 필요한 자료형: tuple"),
        ("answer = {'바다': (2, 4, 2)}", "KeyError"),
    ),
)

EXERCISES = (q1, q2, q3, q4, q5, q6, q7)
