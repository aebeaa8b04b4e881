/** Colours and sizes come from the tokens: a literal colour outside them is a mistake. */
export default {
  extends: ["stylelint-config-standard"],
  overrides: [
    { files: ["**/*.svelte"], customSyntax: "postcss-html" },
    { files: ["src/theme/tokens.css"], rules: { "color-no-hex": null, "color-hex-length": null } },
  ],
  rules: {
    "color-no-hex": [true, { message: "Use a token from theme/tokens.css" }],
    "color-named": "never",
    "declaration-no-important": true,
    "declaration-empty-line-before": null,
    "custom-property-empty-line-before": null,
    "comment-empty-line-before": null,
    "rule-empty-line-before": null,
    "at-rule-empty-line-before": null,
    "declaration-block-single-line-max-declarations": null,
    "no-descending-specificity": null,
    "selector-pseudo-class-no-unknown": [true, { ignorePseudoClasses: ["global"] }],
    "media-feature-range-notation": "prefix",
    "color-function-notation": null,
    "alpha-value-notation": null,
    "color-function-alias-notation": null,
    "value-keyword-case": null,
    "property-no-vendor-prefix": null,
    "font-family-name-quotes": null,
  },
};
