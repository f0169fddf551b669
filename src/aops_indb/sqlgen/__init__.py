"""SQL as trees: expressions (`build`), statements (`statements`), dialects, and rendering (`render`)."""
