/* Korean search, the query's side of korean_search.py. Sphinx puts this text into language_data.js. */

/* Cut a query as the index was cut: Hangul into syllable pairs (a single syllable stays), other words whole. */
var splitQuery = function (query) {
  const hangul = "가-힣ㄱ-ㆎ";
  const runs = query.normalize("NFC").match(
    new RegExp(`[${hangul}]+|(?:(?![${hangul}])[\\p{Letter}\\p{Number}_])+`, "gu")) || [];
  return runs.flatMap((run) => {
    if (run.length < 2 || !new RegExp(`[${hangul}]`).test(run[0])) return [run];
    return Array.from({ length: run.length - 1 }, (_, i) => run.slice(i, i + 2));
  });
};

/* Two more things Sphinx leaves wrong for a query in pieces: what is highlighted, and "all words" when some are short. */
(function () {
  const improve = () => {
    Documentation.addTranslations({ locale: "ko", plural_expr: "0", messages: {
      "Search finished, found ${resultCount} page(s) matching the search query.": "${resultCount}곳에서 찾았습니다.",
      "Your search did not match any documents. Please make sure that all words are spelled correctly and that you've selected enough categories.":
        "찾는 말이 나오는 페이지가 없습니다. 맞춤법을 살펴보거나 더 짧은 말로 찾아보세요.",
      "Searching": "찾는 중", "Search Results": "검색 결과",
    } });
    const parse = Search._parseQuery;
    Search._parseQuery = (query) => {
      const parsed = parse(query);
      const words = query.normalize("NFC").toLowerCase().match(/[\p{Letter}\p{Number}_]+/gu) || [];
      parsed[3] = new Set(words); // highlight whole words, not their syllable pairs
      localStorage.setItem("sphinx_highlight_terms", words.join(" "));
      Search.wholeWords = words;
      return parsed;
    };

    /* Pages (numbers) that hold a term; English words of three letters or more also match inside longer ones. */
    const pagesOf = (index, term) => {
      const exact = Object.hasOwn(index, term) ? [index[term]] : [];
      const inside = exact.length || term.length < 3 ? [] : Object.keys(index).filter((key) => key.includes(term));
      return new Set([...exact, ...inside.map((key) => index[key])].flat());
    };

    Search.performTermsSearch = (searchTerms, excludedTerms) => {
      const { terms, titleterms, docnames, titles, filenames } = Search._index;
      if (!searchTerms.size) return [];
      const inBody = [...searchTerms].map((term) => pagesOf(terms, term));
      const inTitle = [...searchTerms].map((term) => pagesOf(titleterms, term));
      const banned = [...excludedTerms].flatMap((term) => [...pagesOf(terms, term), ...pagesOf(titleterms, term)]);
      const results = [];
      docnames.forEach((name, page) => {
        const everyTerm = inBody.every((pages, i) => pages.has(page) || inTitle[i].has(page));
        if (!everyTerm || banned.includes(page)) return;
        const score = inTitle.every((pages) => pages.has(page)) ? Scorer.title : Scorer.term;
        results.push([name, titles[page], "", null, score, filenames[page]]);
      });
      return results;
    };

    /* Excerpts come from the article alone, not from the buttons and tables of contents around it. */
    const toText = Search.htmlToText;
    Search.htmlToText = (html, anchor) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      const article = page.querySelector("article.bd-article");
      if (!article) return toText(html, anchor);
      article.querySelectorAll(".headerlink, script, style").forEach((element) => element.remove());
      const part = anchor ? article.querySelector("#" + CSS.escape(anchor.slice(1))) : null;
      return (part || article).textContent.replace(/\s+/g, " ");
    };
    const summary = Search.makeSearchSummary;
    Search.makeSearchSummary = (html, keywords, anchor) => summary(html, Search.wholeWords || keywords, anchor);
  };
  if (typeof Search === "undefined") document.addEventListener("DOMContentLoaded", improve);
  else improve();
})();
